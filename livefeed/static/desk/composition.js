// What is being written in one tab: kept in this browser with every keystroke, and on the server some seconds later.
//
// Each tab has a composition of its own, so two tabs of one editor never overwrite each other; a lock of the browser
// says which tabs are alive. What a dead tab or another device left behind is offered to the next desk.

import { ANSWER_TIMEOUT, named } from './request.js';

const SAVE_AFTER = 2000;
const SAVE_AT_LEAST = 8000;

export class Composition {
  #saved = '';
  #first = 0;
  #timer;
  #left = []; // of dead tabs in this browser, which this tab could not take: { id, kept }
  #saving = Promise.resolve(false); // the last copy on its way; false: there is none to forget

  // place   the address of the server's copies, such as /api/v1/coverages/storm/autosaves
  // prefix  of the keys in localStorage
  constructor(place, prefix) {
    Object.assign(this, { place, prefix, id: crypto.randomUUID() });
    addEventListener('online', () => this.#save());
    document.addEventListener('visibilitychange', () => document.hidden && this.#save());
  }

  // Take this tab's composition, or the newest one that nobody has open; what was typed there, or null. Unless somebody
  // has begun to write before the browser has answered: that has a place of its own, and overwrites nothing.
  //
  // begun  tells whether they have
  async open(begun) {
    const { held } = await navigator.locks.query();
    const open = new Set(held.map(({ name }) => name));
    const own = sessionStorage.getItem(this.prefix);
    const left = Object.keys(localStorage)
      .filter(key => key.startsWith(this.prefix) && key !== this.#key && !open.has(key))
      .map(key => ({ id: key.slice(this.prefix.length), ...JSON.parse(localStorage.getItem(key)) }))
      .sort((one, other) => other.at - one.at);
    // A duplicated tab has the id of the first one, which holds the lock.
    const mine = left.find(({ id }) => id === own) ?? left[0];
    const fresh = own && !open.has(this.prefix + own) ? own : this.id;
    const late = begun();
    if (late) this.#left = left;
    else this.id = mine?.id ?? fresh;
    sessionStorage.setItem(this.prefix, this.id);
    navigator.locks.request(this.#key, () => new Promise(() => {})); // until the tab is gone
    return late ? null : mine?.kept ?? null;
  }

  // What is left of other compositions of this editor, here and on the server: { id, kept }, the newest of each first.
  async elsewhere() {
    const headers = named({ Accept: 'application/json' });
    const answer = await fetch(this.place, { headers, signal: AbortSignal.timeout(ANSWER_TIMEOUT) }).catch(() => null);
    const { autosaves = [] } = answer?.ok ? await answer.json().catch(() => ({})) : {};
    return [...this.#left, ...autosaves.filter(({ id }) => id !== this.id && !localStorage.getItem(this.prefix + id))];
  }

  keep(kept) {
    localStorage.setItem(this.#key, JSON.stringify({ at: Date.now(), kept }));
    const now = performance.now();
    this.#first ||= now;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#save(), Math.max(0, Math.min(SAVE_AFTER, this.#first + SAVE_AT_LEAST - now)));
  }

  clear() {
    clearTimeout(this.#timer);
    this.#first = 0;
    localStorage.removeItem(this.#key);
    // A copy still on its way would otherwise arrive after it was forgotten, and be offered again; nor must the next
    // text's copy be the one that is forgotten.
    const { id } = this;
    this.#saving = this.#saving.then(saved => saved !== false && this.#discard(id)).then(() => false);
    this.#saved = '';
  }

  // Another composition is no longer needed.
  forget(id) {
    localStorage.removeItem(this.prefix + id);
    this.#discard(id);
  }

  #discard(id) {
    const signal = AbortSignal.timeout(ANSWER_TIMEOUT);
    return fetch(`${this.place}/${id}`, { method: 'DELETE', headers: named(), keepalive: true, signal }).catch(() => {});
  }

  #save() {
    clearTimeout(this.#timer);
    const text = localStorage.getItem(this.#key);
    if (!text || text === this.#saved) return;
    this.#first = 0;
    this.#saved = text;
    this.#saving = this.#saving.then(() => this.#put(this.id, text));
  }

  async #put(id, text) {
    const answer = await fetch(`${this.place}/${id}`, {
      method: 'PUT', headers: named({ 'Content-Type': 'application/json' }),
      body: JSON.stringify({ kept: JSON.parse(text).kept }), signal: AbortSignal.timeout(ANSWER_TIMEOUT),
    }).catch(() => null);
    if (answer?.ok) return;
    this.#saved = '';
    this.#timer = setTimeout(() => this.#save(), SAVE_AT_LEAST);
  }

  get #key() {
    return this.prefix + this.id;
  }
}
