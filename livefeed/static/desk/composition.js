// What is being written in one tab: kept in this browser with every keystroke, and on the server some seconds later.
//
// Each tab has a composition of its own, so two tabs of one editor never overwrite each other; a lock of the browser
// says which tabs are alive. What a dead tab or another device left behind is offered to the next desk.

import { named } from './request.js';

const SAVE_AFTER = 2000;
const SAVE_AT_LEAST = 8000;

export class Composition {
  #saved = '';
  #first = 0;
  #timer;
  #saving = Promise.resolve(false); // the last copy on its way; false: there is none to forget

  // place   the address of the server's copies, such as /api/v1/coverages/storm/autosaves
  // prefix  of the keys in localStorage
  constructor(place, prefix) {
    Object.assign(this, { place, prefix });
    addEventListener('online', () => this.#save());
    document.addEventListener('visibilitychange', () => document.hidden && this.#save());
  }

  // Take this tab's composition, or the newest one that nobody has open; what was typed there, or null.
  async open() {
    const { held } = await navigator.locks.query();
    const open = new Set(held.map(({ name }) => name));
    const own = sessionStorage.getItem(this.prefix);
    const left = Object.keys(localStorage)
      .filter(key => key.startsWith(this.prefix) && !open.has(key))
      .map(key => ({ id: key.slice(this.prefix.length), ...JSON.parse(localStorage.getItem(key)) }))
      .sort((one, other) => other.at - one.at);
    // A duplicated tab has the id of the first one, which holds the lock.
    const mine = left.find(({ id }) => id === own) ?? left[0];
    const fresh = own && !open.has(this.prefix + own) ? own : crypto.randomUUID();
    this.id = mine?.id ?? fresh;
    sessionStorage.setItem(this.prefix, this.id);
    navigator.locks.request(this.#key, () => new Promise(() => {})); // until the tab is gone
    return mine?.kept ?? null;
  }

  // What the server has of other compositions of this editor: { id, saved_at, kept }, the newest first.
  async elsewhere() {
    const answer = await fetch(this.place, { headers: named({ Accept: 'application/json' }) }).catch(() => null);
    if (!answer?.ok) return [];
    const { autosaves } = await answer.json();
    return autosaves.filter(({ id }) => id !== this.id && !localStorage.getItem(this.prefix + id));
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
    // A copy still on its way would otherwise arrive after it was forgotten, and be offered again.
    const { id } = this;
    this.#saving.then(saved => saved !== false && this.forget(id));
    this.#saving = Promise.resolve(false);
    this.#saved = '';
  }

  // The server's copy of a composition is no longer needed.
  forget(id) {
    fetch(`${this.place}/${id}`, { method: 'DELETE', headers: named(), keepalive: true }).catch(() => {});
  }

  #save() {
    clearTimeout(this.#timer);
    const text = localStorage.getItem(this.#key);
    if (!this.id || !text || text === this.#saved) return;
    this.#first = 0;
    this.#saved = text;
    this.#saving = this.#saving.then(() => this.#put(this.id, text));
  }

  async #put(id, text) {
    const answer = await fetch(`${this.place}/${id}`, {
      method: 'PUT', headers: named({ 'Content-Type': 'application/json' }),
      body: JSON.stringify({ kept: JSON.parse(text).kept }),
    }).catch(() => null);
    if (answer?.ok) return;
    this.#saved = '';
    this.#timer = setTimeout(() => this.#save(), SAVE_AT_LEAST);
  }

  get #key() {
    return this.prefix + this.id;
  }
}
