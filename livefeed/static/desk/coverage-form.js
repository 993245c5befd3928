// <coverage-form>: round the plain form that opens a coverage or changes one. Proposes an address of a new one's
// headline, for as long as nobody has written one; sends its lead picture; and leaves the page only when what was sent
// was taken, so that no network and no refusal costs a word.

import './pictures.js';
import { settled } from './fields.js';
import { ANSWER_TIMEOUT, refusalOf } from './request.js';

const PAUSE = 300; // in typing a headline
const LONGEST = 300; // characters of it that are asked with

customElements.define('coverage-form', class extends HTMLElement {
  #form = this.querySelector('form');
  #pictures = this.querySelector('desk-pictures');
  #busy = false;

  connectedCallback() {
    const { elements } = this.#form;
    this.#pictures.value = JSON.parse(`[${elements.lead_media.value}]`);
    this.#pictures.addEventListener('input', () => {
      const [lead] = this.#pictures.value;
      elements.lead_media.value = lead ? JSON.stringify(lead) : '';
    });
    if (!this.dataset.slug) {
      elements.headline.addEventListener('input', () => this.#proposeSoon());
      if (elements.headline.value && !elements.slug.value) this.#propose(); // typed before this script came
    }
    this.#form.addEventListener('submit', event => {
      event.preventDefault();
      this.#submit(event.submitter);
    });
  }

  #proposeSoon() {
    clearTimeout(this.soon);
    this.soon = setTimeout(() => this.#propose(), PAUSE);
  }

  #propose() {
    clearTimeout(this.soon);
    this.soon = 0;
    this.proposal = this.#ask();
    return this.proposal;
  }

  async #ask() {
    const { headline, slug } = this.#form.elements;
    const asked = headline.value.slice(0, LONGEST);
    if (slug.value !== (this.proposed ?? '')) return;
    const answer = await fetch(`/desk/new?headline=${encodeURIComponent(asked)}`).catch(() => null);
    if (!answer?.ok) return;
    const found = new DOMParser().parseFromString(await answer.text(), 'text/html').getElementById('slug');
    if (!found || slug.value !== (this.proposed ?? '') || headline.value.slice(0, LONGEST) !== asked) return;
    slug.value = this.proposed = found.value;
  }

  async #submit(button) {
    if (this.#busy) return; // pressed twice
    this.#busy = true;
    this.#say(this.dataset.sending);
    try {
      if (!this.dataset.slug) await (this.soon ? this.#propose() : this.proposal); // who sends it still typing
      await settled(this.#form, [this.#pictures]);
      if (this.#pictures.refused) this.#say(this.#pictures.dataset.refused, true);
      else await this.#send(button);
    } finally {
      this.#busy = false;
    }
  }

  async #send(button) {
    const body = new URLSearchParams(new FormData(this.#form));
    body.set(button.name, button.value);
    const signal = AbortSignal.timeout(ANSWER_TIMEOUT);
    const headers = { Accept: 'text/html', 'Livefeed-Account': this.dataset.account };
    const answer = await fetch(this.#form.action, { method: 'POST', body, headers, signal }).catch(() => null);
    const text = await answer?.text().catch(() => null);
    const page = new DOMParser().parseFromString(text ?? '', 'text/html');
    if (page.querySelector('coverage-form')) this.#refuse(page);
    else if (text && page.querySelector('desk-composer')) location.assign(answer.url);
    else if (page.querySelector('form[action="/desk/login"]')) this.#say('', true, true);
    else this.#say(text === null || text === undefined ? this.dataset.away : refusalOf(answer.status, {}), true);
  }

  // What the server says of a field stands at it; what was typed stays, and what was typed since.
  #refuse(page) {
    const { elements } = this.#form;
    for (const name of ['key', 'seen']) elements[name].value = page.querySelector(`[name="${name}"]`).value;
    for (const fault of this.querySelectorAll('.fault')) fault.remove();
    for (const field of this.#form.querySelectorAll('[name][id]')) {
      const same = page.getElementById(field.id);
      for (const name of ['aria-invalid', 'aria-describedby']) {
        if (same?.hasAttribute(name)) field.setAttribute(name, same.getAttribute(name));
        else field.removeAttribute(name);
      }
    }
    for (const fault of page.querySelectorAll('.fault')) {
      const field = elements[fault.dataset.of];
      (field.type === 'hidden' ? this.#pictures : field).after(fault);
      field.focus();
      if (field === elements.slug) this.#propose(); // another one, if it was ours that somebody has taken
    }
    this.#say(page.querySelector('.outcome').textContent, true);
  }

  #say(sentence, problem = false, signedOut = false) {
    const outcome = this.querySelector('.outcome');
    outcome.textContent = sentence;
    outcome.classList.toggle('problem', problem && Boolean(sentence));
    this.querySelector('.signed-out').hidden = !signedOut;
  }
});
