// What readers would see of what is in the composer: the server's own template, at a phone's and a desktop's width.

import { refusalOf } from './request.js';

const WIDTHS = { phone: 390, desktop: 1280 };

const composer = document.querySelector('desk-composer');
const dialog = document.getElementById('preview');
const frame = dialog.querySelector('iframe');

composer.querySelector('[data-deed="preview"]').addEventListener('click', preview);
dialog.addEventListener('change', () => resize());
addEventListener('resize', () => dialog.open && resize());

export async function preview() {
  const answer = await fetch(composer.dataset.preview, {
    method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(composer.draft),
  }).catch(() => null);
  const text = await answer?.text().catch(() => null);
  if (answer?.status === 422 && text) return composer.say(refusalOf(422, JSON.parse(text)), true);
  if (!answer?.ok || !text) return composer.say(composer.dataset.away, true);
  if (document.querySelector('dialog[open]')) return null; // another question stands by now, or it was asked for twice
  frame.srcdoc = text;
  dialog.showModal();
  return resize();
}

// The page is as wide as it would be there, and made smaller where this screen is narrower.
function resize() {
  const width = WIDTHS[dialog.querySelector('[name="width"]:checked').value];
  const { clientWidth, clientHeight } = frame.parentElement;
  const scale = Math.min(1, clientWidth / width);
  Object.assign(frame.style, { inlineSize: `${width}px`, blockSize: `${clientHeight / scale}px`, scale: `${scale}` });
}
