// Keys of the desk, for everything outside a field; Ctrl+Enter inside one is the composer's. `?` lists them all.

import { preview } from './preview.js';

const composer = document.querySelector('desk-composer');
const help = document.getElementById('shortcuts');
const choice = help.querySelector('[name="keys"]');
const MEMORY = 'livefeed:keys'; // who dictates or has a tremor must be able to switch single keys off

choice.checked = localStorage.getItem(MEMORY) !== 'off';
choice.addEventListener('change', () => localStorage.setItem(MEMORY, choice.checked ? 'on' : 'off'));

const deeds = {
  '?': () => help.showModal(),
  '\u061f': () => help.showModal(),
  n: () => composer.querySelector('[name="headline"]').focus(),
  e: () => document.querySelector('.updates > article [data-action="edit"]')?.click(),
  b: () => composer.querySelector('[name="breaking"]')?.click(),
  p: () => preview(),
};
// By the key's place: an Arabic keyboard has other letters there.
const places = { KeyN: 'n', KeyE: 'e', KeyB: 'b', KeyP: 'p' };

document.addEventListener('keydown', event => {
  if (!choice.checked || event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) return;
  if (event.target.closest('input, textarea, select, trix-editor, [contenteditable]')) return;
  const deed = deeds[event.key] ?? deeds[places[event.code]];
  if (!deed) return;
  event.preventDefault();
  deed();
});
