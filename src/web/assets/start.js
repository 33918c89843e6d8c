// The start page: copy buttons on code, and the newest music of the pod.
import { ask, element, player } from './player.js';

const NEWEST = '/api/v1/tracks?playable=true&ordering=-creation_date&page_size=12';

document.querySelectorAll('pre[data-copy]').forEach(addCopyButton);
listen(document.getElementById('listen'));

function addCopyButton(block) {
  if (!navigator.clipboard) return; // Missing except over HTTPS and on localhost.
  const code = block.textContent.trim();
  const button = element('button', { type: 'button', className: 'copy' }, 'Copy');
  button.setAttribute('aria-label', `Copy: ${block.dataset.copy}`);
  button.addEventListener('click', async () => {
    const done = await navigator.clipboard.writeText(code).then(() => 'Copied', () => 'Copy failed');
    button.textContent = done;
    setTimeout(() => (button.textContent = 'Copy'), 2000);
  });
  const box = element('div', { className: 'code' });
  block.replaceWith(box);
  box.append(block, button);
}

async function listen(section) {
  section.hidden = false;
  const waiting = section.querySelector('.waiting');
  try {
    const { results } = await ask(NEWEST);
    if (results.length) player(section, results);
    else section.append(template('no-music'));
  } catch (error) {
    section.append(template(error.status === 401 ? 'sign-in' : 'no-answer'));
  } finally {
    waiting.remove();
  }
}

function template(id) {
  return document.getElementById(id).content.cloneNode(true);
}
