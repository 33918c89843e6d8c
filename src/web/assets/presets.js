// Buttons that tick the scopes for a purpose.
for (const presets of document.querySelectorAll('.presets')) {
  presets.hidden = false;
  const boxes = presets.closest('fieldset').querySelectorAll('[name=scopes]');
  presets.addEventListener('click', ({ target }) => {
    const words = target.dataset.preset?.split(' ');
    if (!words) return;
    for (const box of boxes) box.checked = words.includes(box.value);
  });
}
