// Copy buttons: <button data-copies="id of the field" hidden>.
const buttons = navigator.clipboard ? document.querySelectorAll('button[data-copies]') : [];

for (const button of buttons) {
  const field = document.getElementById(button.dataset.copies);
  const label = button.textContent;
  button.hidden = false;
  button.setAttribute('aria-live', 'polite');
  button.addEventListener('click', async () => {
    field.select();
    button.textContent = await navigator.clipboard.writeText(field.value).then(() => 'Copied', () => 'Copy failed');
    setTimeout(() => (button.textContent = label), 2000);
  });
}
