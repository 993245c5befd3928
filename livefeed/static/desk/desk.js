// The desk of a coverage: what is done to updates by one press. The composer, the outbox, the panels and their parts
// are elements of their own.

import { Connection, overSocket } from '../connection.js';
import { agreed } from './going-out.js';
import { newRequest } from './request.js';
import './audience.js';
import './notes.js';
import './outbox.js';
import './panels.js';
import './rich-text.js';
import './pictures.js';
import './related.js';
import './embeds.js';
import './merge.js';
import './composer.js';
import './presence.js';
import './preview.js';
import './shortcuts.js';
import './snippets.js';

const LOOK_INTERVAL = 10000;

const composer = document.querySelector('desk-composer');
const outbox = document.querySelector('desk-outbox');
const panels = document.querySelector('desk-panels');
const presence = document.querySelector('desk-presence');
const stream = document.querySelector('live-coverage');
const { api, channel } = composer.dataset;

document.addEventListener('click', event => {
  const button = event.target.closest('[data-action]');
  const update = button?.closest('[data-id]');
  if (update) act(button, update);
});
new MutationObserver(decorate).observe(stream, { childList: true, subtree: true });
decorate();
// What comes says only that something changed. Where no socket is to be had, we look now and then instead.
let looks;
new Connection(channel, '', {
  ways: [(...asked) => overSocket(...asked, 'hints')],
  receive: ({ kind }) => (kind === 'presence' ? presence.look() : panels.refresh()),
  reload: async () => '',
  tell: stands => {
    clearInterval(looks);
    if (stands) panels.refresh();
    else looks = setInterval(() => panels.refresh(), LOOK_INTERVAL);
  },
});

const asks = new URLSearchParams(location.search);
if (asks.has('update')) {
  history.replaceState(null, '', location.pathname); // a reload must not take it in again
  composer.opened.then(() => edit(`${api}/${asks.get('update')}`, asks.get('revision')));
}

async function act(button, element) {
  const { action } = button.dataset;
  const path = `${api}/${element.dataset.id}`;
  const { revision } = element.dataset;
  const direct = {
    submit: ['POST', '/submission'], pin: ['POST', '/pin'], unpin: ['DELETE', '/pin'],
    restore: ['DELETE', '/retraction'], breaking: ['PATCH', '', { breaking: true }], calm: ['PATCH', '', { breaking: false }],
  }[action];
  const breaking = 'breaking' in element.dataset;
  const hold = action === 'publish' ? composer.holdOf(breaking) : 0;
  if (action === 'breaking' || (action === 'publish' && breaking)) {
    if (!await agreed(titleOf(element), hold ? 'held' : 'now')) return;
  }
  if (direct) {
    const [method, rest, body = null] = direct;
    send(button, element, newRequest(method, path + rest, body, revision));
  } else if (action === 'publish') {
    const undo = newRequest('DELETE', `${path}/publication`, null, 'next');
    send(button, element, newRequest('POST', `${path}/publication`, hold ? { hold } : null, revision), { hold, undo });
  } else if (action === 'retract') {
    const answers = await asked('retraction', element);
    if (answers) send(button, element, newRequest('POST', `${path}/retraction`, filled(answers), revision));
  } else if (action === 'return') {
    const answers = await asked('returning', element);
    if (answers) send(button, element, newRequest('DELETE', `${path}/submission`, filled(answers), revision));
  } else if (action === 'delete') {
    if (await asked('deletion', element)) send(button, element, newRequest('DELETE', path, null, revision));
  } else if (action === 'edit') {
    await edit(path);
  }
}

function send(button, element, request, more = {}) {
  outbox.put({ title: `${button.textContent.trim()}: ${titleOf(element)}`, requests: [request], typed: null, ...more });
}

// An update into the composer, as the server has it now; or with the text that it had in an earlier revision.
async function edit(path, revision = null) {
  if (!composer.empty) return composer.say(composer.dataset.busy, true);
  const [update, history] = await Promise.all([read(path), revision && read(`${path}/revisions`)]);
  if (!update || (revision && !history)) return composer.say(composer.dataset.away, true);
  if (!composer.empty) return composer.say(composer.dataset.busy, true); // somebody typed while it was on its way
  const earlier = history?.revisions.find(line => String(line.revision) === revision)?.update;
  return composer.take(update, earlier);
}

async function read(path) {
  const answer = await fetch(path, { headers: { Accept: 'application/json' } }).catch(() => null);
  return answer?.ok ? answer.json().catch(() => null) : null;
}

function decorate() {
  presence.mark(); // an article that was replaced has lost its mark
  const template = document.getElementById('update-actions');
  if (!template) return;
  for (const article of document.querySelectorAll('.updates > article:not(:has(> .actions))')) {
    const actions = template.content.cloneNode(true);
    actions.firstElementChild.setAttribute('aria-labelledby', `${article.id}-title`);
    actions.querySelector('[data-link]').href = `/desk/${composer.dataset.slug}/updates/${article.dataset.id}/history`;
    article.append(actions);
  }
}

// Opens a dialog about an update; its fields when it was agreed to, else null.
function asked(id, element) {
  const dialog = document.getElementById(id);
  const form = dialog.querySelector('form');
  form.reset();
  form.onchange = ({ target }) => { target.value = target.value.trim(); }; // blanks are no reason
  dialog.returnValue = '';
  dialog.querySelector('.target').textContent = titleOf(element);
  dialog.showModal();
  return new Promise(answer => {
    dialog.addEventListener('close', () => {
      answer(dialog.returnValue ? Object.fromEntries(new FormData(form)) : null);
    }, { once: true });
  });
}

function titleOf(element) {
  return (element.querySelector('h3') ?? element.querySelector('[lang]')).textContent.trim();
}

function filled(fields) {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value));
}
