// The desk: <desk-composer> and the actions on updates. What is typed is kept in this browser until the server has
// answered; every write goes through desk-request.js, so that a retry never posts twice.

import { Connection, overSocket } from './connection.js';
import { newRequest, Refused, send, Stopped } from './desk-request.js';
import { markdownOf } from './markdown.js';

const TEXTS = ['headline', 'attribution', 'verification', 'dateline', 'place'];
const FLAGS = ['breaking', 'key_event', 'pin'];

customElements.define('desk-composer', class extends HTMLElement {
  #form = this.querySelector('form');
  #outcome = this.querySelector('.outcome');
  #memory = `livefeed:${this.dataset.slug}:composer`;
  #target = null; // the update being changed: { id, revision, before, correcting, format }
  #pending = null; // the request whose outcome is not known yet
  #stop = null;

  connectedCallback() {
    this.#form.addEventListener('input', () => this.#keep());
    this.#form.addEventListener('submit', event => {
      event.preventDefault();
      this.#submit(event.submitter?.value);
    });
    this.#form.addEventListener('keydown', event => {
      if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      this.#form.requestSubmit(this.#form.querySelector('.primary:not([hidden])'));
    });
    document.addEventListener('click', event => {
      const button = event.target.closest('[data-action]');
      const update = button?.closest('[data-id]');
      if (button) this.#act(button.dataset.action, update);
    });
    this.#restore();
    new MutationObserver(decorate).observe(document.querySelector('live-coverage'), { childList: true, subtree: true });
    decorate();
    // A contributor sees nobody else's drafts, so nothing there changes but by this desk.
    if (this.dataset.channel) new Connection(this.dataset.channel, '', {
      ways: [overSocket],
      receive: () => this.#refresh(),
      reload: async () => '',
      tell: stands => stands && this.#refresh(),
    });
  }

  // What is typed

  #typed() {
    const fields = this.#form.elements;
    const typed = { body: fields.body.value, byline: lines(fields.byline.value), note: fields.note.value };
    for (const name of TEXTS) typed[name] = fields[name].value;
    // A flag this role may not set has no box: it must not look like one that was cleared.
    for (const name of FLAGS) if (fields[name]) typed[name] = fields[name].checked;
    return typed;
  }

  #fill(typed) {
    const fields = this.#form.elements;
    fields.body.value = typed.body ?? '';
    fields.note.value = typed.note ?? '';
    fields.byline.value = (typed.byline ?? []).join('\n');
    for (const name of TEXTS) fields[name].value = typed[name] ?? '';
    for (const name of FLAGS) if (fields[name]) fields[name].checked = Boolean(typed[name]);
  }

  #keep() {
    localStorage.setItem(this.#memory, JSON.stringify({ typed: this.#typed(), target: this.#target, pending: this.#pending }));
  }

  #restore() {
    const kept = JSON.parse(localStorage.getItem(this.#memory) ?? 'null');
    if (!kept) return this.#mode();
    this.#target = kept.target;
    this.#pending = kept.pending;
    this.#fill(kept.typed);
    this.#mode();
    if (kept.typed.headline || kept.typed.body) this.#say(this.dataset.kept);
  }

  #clear() {
    localStorage.removeItem(this.#memory);
    this.#target = this.#pending = null;
    this.#form.reset();
    this.#mode();
    this.#form.elements.headline.focus({ preventScroll: true });
  }

  #mode() {
    const { dataset } = this;
    const target = this.#target;
    const line = this.#form.querySelector('.target');
    line.hidden = !target;
    line.querySelector('bdi').textContent = target?.before.headline ?? '';
    this.querySelector('h2').textContent = !target ? dataset.new : target.correcting ? dataset.correct : dataset.revise;
    this.#form.querySelector('.note-field').hidden = !target?.correcting;
    this.#form.elements.note.required = Boolean(target?.correcting);
    for (const element of this.#form.querySelectorAll('.new-only')) element.hidden = Boolean(target);
    for (const element of this.#form.querySelectorAll('.change-only')) element.hidden = !target;
  }

  // Sending from the form

  async #submit(status) {
    if (this.#stop) return;
    const { api } = this.dataset;
    const typed = this.#typed();
    const { note, pin, ...fields } = typed;
    let request;
    if (!this.#target) {
      if (!typed.headline.trim() && !typed.body.trim()) return this.#say(this.dataset.empty, true);
      request = newRequest('POST', api, { ...given(fields), format: 'markdown', status });
    } else {
      const { id, revision, before, correcting, format } = this.#target;
      const changes = changed(fields, before);
      if ('body' in changes) changes.format = format;
      if (!correcting && !Object.keys(changes).length) return this.#say(this.dataset.nothing);
      request = correcting
        ? newRequest('POST', `${api}/${id}/corrections`, { ...changes, note }, revision)
        : newRequest('PATCH', `${api}/${id}`, changes, revision);
    }
    // The same text after an unknown outcome is the same request: it keeps its key.
    if (this.#pending && same(this.#pending, request)) request = this.#pending;
    this.#pending = request;
    this.#keep();
    const update = await this.#send(request);
    if (!update) return;
    // Before the form is cleared: a desk that is reloaded now sends the same update with the same key, and its pin.
    if (pin && update.status === 'published') {
      await this.#send(newRequest('POST', `${api}/${update.id}/pin`, null, update.revision), this.dataset.half);
    }
    this.#clear();
    this.#refresh();
  }

  async #send(request, lead = '') {
    const stop = this.#form.querySelector('[data-action="stop"]');
    const focused = document.activeElement;
    this.#stop = new AbortController();
    this.#form.querySelector('.fields').disabled = true;
    this.#say(this.dataset.sending);
    try {
      const answer = await send(request, {
        signal: this.#stop.signal,
        waiting: () => { stop.hidden = false; this.#say(this.dataset.retrying); },
      });
      this.#say(this.dataset.sent);
      return answer;
    } catch (error) {
      if (error instanceof Stopped) this.#say(this.dataset.stopped, true);
      else if (error instanceof Refused) {
        this.#pending = null; // nothing was changed: the next attempt is another request
        this.#say(`${lead} ${error.message}`.trim(), true);
      } else throw error;
      return null;
    } finally {
      this.#stop = null;
      stop.hidden = true;
      this.#form.querySelector('.fields').disabled = false;
      if (document.activeElement === document.body) focused.focus({ preventScroll: true }); // a disabled field lost it
    }
  }

  // Actions on an update

  async #act(action, element) {
    if (action === 'stop') return this.#stop?.abort();
    if (action === 'leave') return this.#clear();
    if (!element || this.#stop) return undefined;
    const path = `${this.dataset.api}/${element.dataset.id}`;
    const revision = element.dataset.revision;
    const direct = {
      publish: ['POST', '/publication'], submit: ['POST', '/submission'], pin: ['POST', '/pin'], unpin: ['DELETE', '/pin'],
      restore: ['DELETE', '/retraction'], breaking: ['PATCH', '', { breaking: true }], calm: ['PATCH', '', { breaking: false }],
    }[action];
    if (direct) {
      const [method, rest, body = null] = direct;
      return this.#perform(newRequest(method, path + rest, body, revision));
    }
    if (action === 'retract') {
      const answers = await asked('retraction', element);
      if (answers) await this.#perform(newRequest('POST', `${path}/retraction`, given(answers), revision));
    } else if (action === 'delete') {
      if (await asked('deletion', element)) await this.#perform(newRequest('DELETE', path, null, revision));
    } else {
      await this.#take(path, action === 'correct');
    }
    return undefined;
  }

  async #perform(request) {
    if (await this.#send(request)) this.#refresh();
  }

  // An update into the composer, as the server has it now.
  async #take(path, correcting) {
    const answer = await fetch(path, { headers: { Accept: 'application/json' } }).catch(() => null);
    if (!answer?.ok) return this.#say(answer ? `${answer.status}` : this.dataset.retrying, true);
    const update = await answer.json();
    const markdown = markdownOf(update.body);
    const before = { ...update, verification: update.verification ?? '', body: markdown ?? update.body };
    this.#target = { id: update.id, revision: update.revision, before, correcting, format: markdown === null ? 'html' : 'markdown' };
    this.#pending = null;
    this.#fill({ ...before, note: '', pin: false });
    this.#mode();
    this.#keep();
    this.#say('');
    this.#form.elements[correcting ? 'note' : 'body'].focus();
    return undefined;
  }

  #say(sentence, problem = false) {
    this.#outcome.textContent = sentence;
    this.#outcome.classList.toggle('problem', problem);
  }

  async #refresh() {
    const answer = await fetch(location.href).catch(() => null);
    if (!answer?.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    const fresh = page.querySelector('[data-part="unpublished"]');
    if (fresh) document.querySelector('[data-part="unpublished"]').replaceWith(fresh);
  }
});

function decorate() {
  const template = document.getElementById('update-actions');
  if (!template) return;
  for (const article of document.querySelectorAll('.updates > article:not(:has(> .actions))')) {
    const actions = template.content.cloneNode(true);
    actions.firstElementChild.setAttribute('aria-labelledby', `${article.id}-title`);
    article.append(actions);
  }
}

// Opens a dialog about an update; its fields when it was agreed to, else null.
function asked(id, element) {
  const dialog = document.getElementById(id);
  const form = dialog.querySelector('form');
  form.reset();
  dialog.returnValue = '';
  dialog.querySelector('.target').textContent = (element.querySelector('h3') ?? element.querySelector('[lang]')).textContent;
  dialog.showModal();
  return new Promise(answer => {
    dialog.addEventListener('close', () => {
      answer(dialog.returnValue ? Object.fromEntries(new FormData(form)) : null);
    }, { once: true });
  });
}

function lines(text) {
  return text.split('\n').map(line => line.trim()).filter(Boolean);
}

// Only what was filled in: what is left out keeps the server's default.
function given(fields) {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => Array.isArray(value) ? value.length : value));
}

function changed(fields, before) {
  const differs = ([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name]);
  const changes = Object.fromEntries(Object.entries(fields).filter(differs));
  if (changes.verification === '') changes.verification = null;
  return changes;
}

function same(one, other) {
  return ['method', 'path', 'body', 'revision'].every(name => JSON.stringify(one[name]) === JSON.stringify(other[name]));
}
