// <desk-embeds>: other people's posts and pages in an update. The server reads an address and makes a card of it, which
// readers see without asking anybody; its `value` is what the API takes as `embeds`.

import { ANSWER_TIMEOUT, refusalOf } from './request.js';

customElements.define('desk-embeds', class extends HTMLElement {
  #list = this.querySelector('ul');
  #address = this.querySelector('[type="url"]');
  #looks = new Set(); // the addresses that are looked at, of what is being written

  connectedCallback() {
    this.#address.addEventListener('input', event => event.stopPropagation()); // looking is no change of the update
    this.#address.addEventListener('keydown', event => {
      if (event.key !== 'Enter' || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      this.#look(this.#address.value.trim());
    });
    this.closest('form').addEventListener('address', ({ detail: { url, instead } }) => {
      this.closest('details').open = true; // to be seen, and removed if it was not meant
      this.#look(url, instead);
    });
    this.addEventListener('click', event => {
      const { deed } = event.target.closest('button')?.dataset ?? {};
      if (deed === 'look') this.#look(this.#address.value.trim());
      if (deed !== 'remove') return;
      event.target.closest('li').remove();
      this.#changed();
    });
  }

  get value() {
    return [...this.#list.children].map(line => JSON.parse(line.dataset.embed));
  }

  set value(embeds) {
    this.#looks = new Set();
    this.#say('');
    this.#list.replaceChildren(...embeds.map(embed => this.#line(embed)));
  }

  get sending() {
    return this.#looks.size > 0;
  }

  // Without an answer the bare address is taken: a link is better than nothing. `refused` is called when the server
  // will not look there.
  async #look(url, refused = () => {}) {
    const looks = this.#looks;
    if (!url || looks.has(url)) return;
    looks.add(url);
    this.#say(this.dataset.looking);
    const answer = await fetch('/api/v1/previews', {
      method: 'POST', headers: { 'Content-Type': 'application/json', Accept: 'application/json' }, body: JSON.stringify({ url }),
      signal: AbortSignal.timeout(ANSWER_TIMEOUT),
    }).catch(() => null);
    const document = await answer?.json().catch(() => null);
    looks.delete(url);
    if (looks !== this.#looks) return; // what it was for has left the form: it is nothing of what is in it now
    if (answer?.status === 422) {
      this.#say(refusalOf(422, document ?? {}), true);
      refused();
    } else {
      const embed = answer?.ok && document?.embed;
      this.#say(embed ? '' : this.dataset.bare);
      this.#list.append(this.#line(embed || { url }));
      if (this.#address.value.trim() === url) this.#address.value = ''; // not the next one, that is being typed
    }
    this.#changed();
  }

  #line(embed) {
    const line = document.importNode(this.querySelector('template').content, true).firstElementChild;
    const { url, title = '', provider = '', author = '', text = '', picture = null } = embed;
    const used = picture && { id: picture.id, alt: picture.alt, caption: picture.caption, credit: picture.credit };
    line.dataset.embed = JSON.stringify({ url, title, provider, author, text, picture: used });
    line.querySelector('strong').textContent = title || url;
    line.querySelector('.from').textContent = [provider, author].filter(Boolean).join(' · ') || new URL(url).host;
    line.querySelector('.text').textContent = text;
    return line;
  }

  #say(sentence, problem = false) {
    const standing = this.querySelector('.standing');
    standing.textContent = sentence;
    standing.classList.toggle('problem', problem && Boolean(sentence));
  }

  #changed() {
    this.dispatchEvent(new Event('input', { bubbles: true }));
  }
});
