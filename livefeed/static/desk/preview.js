// What readers would see of what is in the composer: the server's own template, at a phone's and a desktop's width.

import { refusalOf } from './request.js';

const WIDTHS = { phone: '390px', desktop: '100%' };

const composer = document.querySelector('desk-composer');
const dialog = document.getElementById('preview');
const frame = dialog.querySelector('iframe');

composer.querySelector('[data-deed="preview"]').addEventListener('click', preview);
dialog.addEventListener('change', () => resize());

export async function preview() {
  const answer = await fetch(composer.dataset.preview, {
    method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(composer.draft),
  }).catch(() => null);
  if (answer?.status === 422) return composer.say(refusalOf(422, await answer.json()), true);
  if (!answer?.ok) return composer.say(composer.dataset.away, true);
  frame.srcdoc = await answer.text();
  resize();
  return dialog.showModal();
}

function resize() {
  frame.style.inlineSize = WIDTHS[dialog.querySelector('[name="width"]:checked').value];
}
