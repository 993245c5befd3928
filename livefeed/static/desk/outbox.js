// <desk-outbox>: what was sent from this browser and has not been answered yet, was refused, or can still be taken
// back.
//
// Theory of operation
//   An entry holds the requests of one deed, in order, each with the key it will have on every attempt, and what was
//   typed. It is in localStorage before the first attempt and leaves it only when the server has answered, so a
//   crashed tab, a closed laptop or a lost network costs nothing: the next desk of the same editor in this browser
//   goes on. One tab sends at a time (a lock of the browser), the oldest entry first: the one that somebody works in,
//   which takes the lock from another that may sleep. The server's idempotency keys make a doubled attempt harmless
//   all the same.
//
// An entry: { id, slug, at, title, requests, typed, hold, undo, state, … }
//   requests  see request.js; `{id}` in a path and the revision `next` are filled in from the answer before
//   typed     what the composer held, null for a deed of one press
//   hold      seconds the server holds it back; `undo` is the request that takes it back meanwhile
//   state     `waiting` for an answer · `held` until a time · `undoing`, being taken back · `refused` or taken back
//             (`undone`), with a sentence

import { attempt } from './request.js';

const BASE_DELAY = 1000;
const LONGEST_DELAY = 15000;
const PATIENCE = 20; // attempts at a step that fits the state only when a hold is over

customElements.define('desk-outbox', class extends HTMLElement {
  #prefix = `livefeed:outbox:${this.dataset.account}:`;
  #failures = 0;
  #wake = () => {};
  #place = new AbortController(); // in the line of tabs that wait for the lock
  #sends = null; // the place with which this tab has it
  #undoing = new Set(); // ids of what this tab takes back

  connectedCallback() {
    addEventListener('storage', event => event.key?.startsWith(this.#prefix) && this.#show());
    addEventListener('online', () => this.#wake());
    addEventListener('focus', () => this.#hurry()); // perhaps back from logging in
    this.addEventListener('click', event => this.#press(event.target.closest('button')));
    setInterval(() => this.#tick(), 250);
    this.#show();
    this.#lineUp();
  }

  // Keep { title, requests, typed, hold, undo } and send it as soon as may be.
  put(entry) {
    const last = this.#entries().at(-1);
    const at = Math.max(Date.now(), (last?.at ?? 0) + 1); // a clock that was set back must not change the order
    this.#keep({ ...entry, id: crypto.randomUUID(), slug: this.dataset.slug, at, state: 'waiting' });
    this.#failures = 0;
    this.#hurry();
  }

  // What was refused or taken back of this coverage and waits for its writer, the oldest first.
  returned() {
    return this.#entries().filter(entry => isReturned(entry) && entry.slug === this.dataset.slug);
  }

  drop({ id }) {
    localStorage.removeItem(this.#prefix + id);
    this.#show();
  }

  // Sending

  #lineUp(steal = false) {
    this.#place.abort();
    const place = this.#place = new AbortController();
    const options = steal ? { steal } : { signal: place.signal };
    navigator.locks.request(`${this.#prefix}sender`, options, () => this.#sendForEver(place))
      .catch(() => place === this.#place && this.#lineUp()); // another tab has taken over
  }

  // Send now, and here: whoever has the lock may be in the background, where browsers put pages to sleep.
  #hurry() {
    if (this.#sends !== this.#place && this.#waiting()) this.#lineUp(true);
    this.#wake();
  }

  async #sendForEver(place) {
    this.#sends = place;
    while (place === this.#place) {
      const entry = this.#waiting();
      if (entry) await this.#step(entry, place);
      else await this.#pause(LONGEST_DELAY);
    }
  }

  #waiting() {
    return this.#entries().find(found => found.state === 'waiting');
  }

  async #step(entry, place) {
    const [request, ...rest] = entry.requests;
    const answer = await attempt(request);
    if (place !== this.#place) return; // who sends now asks again, with the same key
    if (!localStorage.getItem(this.#prefix + entry.id)) return; // it was given up meanwhile
    const tries = (entry.tries ?? 0) + 1;
    const tooEarly = request.patient && answer.status === 409 && tries < PATIENCE;
    if (answer.unknown || tooEarly) {
      this.#failures += 1;
      this.#keep({ ...entry, tries, signedOut: Boolean(answer.signedOut) });
      const longest = Math.min(LONGEST_DELAY, BASE_DELAY * 2 ** this.#failures);
      await this.#pause(tooEarly ? 500 : Math.random() * longest);
      return;
    }
    this.#failures = 0;
    if (answer.refused) {
      this.#keep({ ...entry, state: 'refused', sentence: answer.refused, status: answer.status, current: answer.current });
    } else {
      this.#answered({ ...entry, tries: 0, signedOut: false }, answer.done, rest, request);
    }
  }

  #answered(entry, document, rest, { body }) {
    const requests = rest.map(request => filled(request, document));
    if (body?.hold && document.status === 'scheduled') {
      const until = Date.now() + entry.hold * 1000;
      this.#keep({ ...entry, requests, state: 'held', until, undo: filled(entry.undo, document) });
    } else if (requests.length) {
      this.#keep({ ...entry, requests });
    } else {
      this.drop(entry);
    }
    this.#tell('sent', { entry, document });
  }

  // What is held comes into readers' view by itself; then only the rest of its requests is left to do.
  #tick() {
    for (const entry of this.#entries()) {
      if (entry.state === 'undoing') this.#undo(entry);
      if (entry.state !== 'held') continue;
      const longest = Date.now() + entry.hold * 1000;
      if (entry.until > longest) this.#keep({ ...entry, until: longest }); // the device's clock was set back
      if (entry.until > Date.now()) {
        const standing = this.querySelector(`[data-entry="${entry.id}"] .standing`);
        const words = this.#heldFor(entry);
        if (standing && standing.textContent !== words) standing.textContent = words;
      } else if (entry.requests.length) {
        this.#keep({ ...entry, state: 'waiting', hold: 0 });
        this.#wake();
      } else {
        this.drop(entry);
      }
    }
  }

  // What a person does with an entry

  #press(button) {
    const id = button?.closest('[data-entry]').dataset.entry;
    const entry = this.#entries().find(found => found.id === id);
    if (!entry) return;
    const { deed } = button.dataset;
    if (deed === 'undo') this.#undo({ ...entry, state: 'undoing', tries: 0 });
    else if (deed === 'dismiss') this.drop(entry);
    else if (deed === 'back') this.#tell('back', { entry });
    else if (confirm(this.dataset.sure)) this.#tell('back', { entry });
  }

  // Until it is answered: what was taken back and is not said to be would be nowhere.
  async #undo(entry) {
    if (this.#undoing.has(entry.id)) return;
    this.#undoing.add(entry.id);
    this.#keep(entry);
    const answer = await attempt(entry.undo);
    const stands = this.#entries().some(({ id, state }) => id === entry.id && state === 'undoing'); // here: another tab asks, too
    // It waits like what was refused: whoever is writing the next update already must not lose this one.
    if (stands && (answer.done || answer.status === 404)) {
      this.#keep({ ...entry, state: 'undone', sentence: this.dataset.undone, status: answer.status, current: answer.done });
    } else if (stands && answer.refused) {
      // It is out. What was to follow, follows.
      if (entry.requests.length) this.#keep({ ...entry, id: crypto.randomUUID(), typed: null, hold: 0, state: 'waiting' });
      this.#keep({ ...entry, typed: null, state: 'refused', sentence: answer.refused });
      this.#wake();
    } else if (stands) {
      const tries = entry.tries + 1;
      this.#keep({ ...entry, tries, signedOut: Boolean(answer.signedOut) });
      const longest = Math.min(LONGEST_DELAY, BASE_DELAY * 2 ** tries);
      await new Promise(rested => setTimeout(rested, Math.random() * longest));
    }
    this.#undoing.delete(entry.id);
  }

  // How it looks

  #show() {
    const entries = this.#entries();
    this.hidden = !entries.length;
    this.querySelector('ul').replaceChildren(...entries.map(entry => this.#line(entry)));
    if (this.returned().length) this.#tell('returned');
  }

  #line(entry) {
    const line = document.importNode(this.querySelector('template').content, true).firstElementChild;
    const { state, typed, tries, signedOut } = entry;
    line.dataset.entry = entry.id;
    line.dataset.state = state;
    line.querySelector('bdi').textContent = entry.title;
    line.querySelector('.standing').textContent = this.#standing(entry);
    line.querySelector('a').hidden = !signedOut;
    const deeds = {
      undo: state === 'held',
      'give-up': state === 'waiting' && tries > 0 && Boolean(typed),
      back: isReturned(entry) && Boolean(typed) && entry.slug === this.dataset.slug,
      dismiss: isReturned(entry) && !typed,
    };
    for (const [deed, possible] of Object.entries(deeds)) line.querySelector(`[data-deed="${deed}"]`).hidden = !possible;
    return line;
  }

  #standing(entry) {
    if (entry.state === 'held') return this.#heldFor(entry);
    if (isReturned(entry)) return entry.sentence;
    if (entry.signedOut) return this.dataset.signedOut;
    return entry.tries ? this.dataset.retrying : this.dataset.sending;
  }

  #heldFor(entry) {
    return this.dataset.held.replace('{n}', Math.max(0, Math.ceil((entry.until - Date.now()) / 1000)));
  }

  #entries() {
    return Object.keys(localStorage)
      .filter(key => key.startsWith(this.#prefix))
      .map(key => JSON.parse(localStorage.getItem(key)))
      .sort((one, other) => one.at - other.at);
  }

  #keep(entry) {
    localStorage.setItem(this.#prefix + entry.id, JSON.stringify(entry));
    this.#show();
  }

  #tell(what, detail = {}) {
    this.dispatchEvent(new CustomEvent(`outbox-${what}`, { detail, bubbles: true }));
  }

  #pause(milliseconds) {
    return new Promise(resume => {
      const timer = setTimeout(resume, milliseconds);
      this.#wake = () => { clearTimeout(timer); resume(); };
    });
  }
});

function isReturned({ state }) {
  return state === 'refused' || state === 'undone';
}

// The next request of a deed is about what the one before has made: its id and revision are known only now.
function filled(request, document) {
  const path = request.path.replace('{id}', document.id);
  return { ...request, path, revision: request.revision === 'next' ? document.revision : request.revision };
}
