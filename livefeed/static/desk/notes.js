// <desk-notes>: handover notes and claims to verify. What is typed stays in this browser until the server has it.

import { attempt, newRequest } from './request.js';

customElements.define('desk-notes', class extends HTMLElement {
  #form = this.querySelector('form');
  #panels = document.querySelector('desk-panels');
  #request = null; // the one without an answer yet: the same text goes out with the same key

  connectedCallback() {
    const { text } = this.#form.elements;
    const { memory } = this.dataset;
    text.value = localStorage.getItem(memory) ?? '';
    text.addEventListener('input', () => localStorage.setItem(memory, text.value));
    this.#form.addEventListener('submit', event => {
      event.preventDefault();
      this.#add({ kind: event.submitter?.value ?? 'note', text: text.value });
    });
    this.addEventListener('click', ({ target }) => {
      const button = target.closest('[data-deed]');
      if (button) this.#decide(button.closest('li'), button.dataset.deed);
    });
  }

  async #add(note) {
    if (JSON.stringify(this.#request?.body) !== JSON.stringify(note)) this.#request = newRequest('POST', this.dataset.address, note);
    const request = this.#request;
    const answer = await this.#send(request);
    if (answer.unknown) return;
    if (this.#request === request) this.#request = null;
    if (answer.refused || this.#form.elements.text.value !== note.text) return; // somebody types the next one already
    localStorage.removeItem(this.dataset.memory);
    this.#form.reset();
  }

  #decide({ dataset: { id, revision } }, deed) {
    const [method, body] = deed === 'remove' ? ['DELETE', null] : ['PATCH', { state: deed }];
    return this.#send(newRequest(method, `${this.dataset.address}/${id}`, body, revision));
  }

  async #send(request) {
    const answer = await attempt(request);
    this.querySelector('.said').textContent = answer.unknown ? this.dataset.away : answer.refused ?? '';
    this.#panels.refresh().then(() => this.#panels.look('notes')); // what one did oneself is not new
    return answer;
  }
});
