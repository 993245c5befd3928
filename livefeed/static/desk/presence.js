// <desk-presence>: who else is at this desk, and a mark on whatever update somebody is changing. Advisory: it locks
// nothing. This tab says that it is there, and the answer tells of the others, or that the session has ended.

import { named } from './request.js';

const INTERVAL = 6000; // the server forgets a tab after 20 s of silence
const JITTER = 300; // a desk of thirty must not ask in step

customElements.define('desk-presence', class extends HTMLElement {
  #tab = crypto.randomUUID();
  #composer = document.querySelector('desk-composer');
  #others = [];
  #soon;
  #looking = null;

  connectedCallback() {
    for (const kind of ['composer-target', 'focus', 'online']) addEventListener(kind, () => this.#tell());
    addEventListener('panels-fresh', () => this.mark());
    addEventListener('pagehide', () => this.#leave());
    document.addEventListener('visibilitychange', () => this.#tell());
    this.#tell();
  }

  // Somebody came, went, or changes another update.
  look() {
    this.#looking ??= setTimeout(() => {
      this.#looking = null;
      this.#tell();
    }, Math.random() * JITTER);
  }

  // A word at every update that somebody changes, and in the composer when it is this one.
  mark() {
    const places = document.querySelectorAll('.updates > article, .panel li[data-id]');
    for (const element of places) this.#say(element, ':scope > .changing', element.dataset.id);
    this.#say(this.#composer, '.changing', this.#composer.target?.id);
  }

  async #tell() {
    clearTimeout(this.#soon);
    const editing = this.#composer.target?.id ?? null;
    if (document.hidden && !editing) return; // whoever looks elsewhere and holds nothing is not here
    const answer = await fetch(this.#address, {
      method: 'PUT', headers: named({ 'Content-Type': 'application/json' }), body: JSON.stringify({ editing }),
    }).catch(() => null);
    clearTimeout(this.#soon);
    this.#soon = setTimeout(() => this.#tell(), INTERVAL);
    this.querySelector('.problem').hidden = answer?.status !== 401;
    const present = answer?.ok && (await answer.json().catch(() => null))?.present;
    if (!present) return; // what is known stays: the next answer tells
    this.#others = present;
    this.#show();
    this.mark();
  }

  #leave() {
    fetch(this.#address, { method: 'DELETE', headers: named(), keepalive: true }).catch(() => {});
  }

  #show() {
    const line = this.querySelector('p');
    const names = this.#others.filter(({ own }) => !own).map(({ name }) => isolated(name));
    const words = names.length ? this.dataset.here.replace('{names}', list(names)) : this.dataset.alone;
    if (line.textContent !== words) line.textContent = words;
  }

  #say(element, selector, id) {
    const names = this.#others.filter(({ editing }) => editing.includes(id))
      .map(({ name, own }) => (own ? this.dataset.own : isolated(name)));
    let mark = element.querySelector(selector);
    if (!mark && !names.length) return;
    if (!mark) {
      mark = document.createElement('p');
      mark.className = 'changing';
      element.append(mark);
    }
    const words = names.length ? this.dataset.changing.replace('{names}', list(names)) : '';
    if (mark.textContent !== words) mark.textContent = words;
    mark.hidden = !words;
  }

  get #address() {
    return `${this.dataset.address}/${this.#tab}`;
  }
});

// A name in another script must not turn the sentence round it (UAX #9).
function isolated(name) {
  return `\u2068${name}\u2069`;
}

function list(names) {
  return new Intl.ListFormat(document.documentElement.lang).format(names);
}
