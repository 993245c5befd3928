// <coverage-form>: opens a coverage or changes one, and closes it with a summary. To a new one the server proposes an
// address of its headline, for as long as nobody has written one.

import './pictures.js';
import { attempt, newRequest, refusalOf } from './request.js';
import { utcOf } from './wall-time.js';

const LISTS = { byline: '\n', tags: /[,\u060c\n]/, summary: '\n' };
const RESOURCES = { close: ['POST', 'closure'], reopen: ['DELETE', 'closure'], archive: ['POST', 'archive'], unarchive: ['DELETE', 'archive'] };
const API = '/api/v1/coverages';
const PAUSE = 300; // in typing a headline
const LONGEST = 300; // characters of it that are asked with

customElements.define('coverage-form', class extends HTMLElement {
  #form = this.querySelector('form');

  connectedCallback() {
    const lead = JSON.parse(this.dataset.lead);
    if (lead) this.querySelector('desk-pictures').value = [lead];
    this.before = this.values;
    if (!this.dataset.slug) this.#form.elements.headline.addEventListener('input', () => this.#proposeSoon());
    this.#form.addEventListener('submit', event => {
      event.preventDefault();
      this.#submit(event.submitter.value);
    });
  }

  get values() {
    const { elements } = this.#form;
    const values = {};
    for (const field of this.#form.querySelectorAll('[data-field]')) {
      const { name, value } = field;
      values[name] = LISTS[name] ? value.split(LISTS[name]).map(part => part.trim()).filter(Boolean) : value.trim();
    }
    const [picture] = this.querySelector('desk-pictures').value;
    const { url, ...lead } = picture ?? {};
    values.lead_media = picture ? lead : null;
    if (elements.starts_at) values.starts_at = values.starts_at ? utcOf(values.starts_at, values.timezone) : null;
    return values;
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

  async #submit(deed) {
    const { slug } = this.dataset;
    const place = `${API}/${slug}`;
    if (!slug) await (this.soon ? this.#propose() : this.proposal); // who sends it still typing waits for its address
    let values;
    try {
      ({ values } = this);
    } catch { // a time in a zone that nobody knows is no time: better nothing than another moment
      return this.#say(refusalOf(422, { field: 'timezone' }));
    }
    if (!slug) {
      const filled = Object.fromEntries(Object.entries(values).filter(([, value]) => (Array.isArray(value) ? value.length : value)));
      return this.#send([newRequest('POST', API, filled)], `/desk/${values.slug}`);
    }
    const changes = Object.fromEntries(Object.entries(values)
      .filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(this.before[name])));
    if (deed === 'begin') changes.status = 'live';
    const requests = Object.keys(changes).length ? [newRequest('PATCH', place, changes)] : [];
    const [method, resource] = RESOURCES[deed] ?? [];
    if (method) requests.push(newRequest(method, `${place}/${resource}`));
    return this.#send(requests, `/desk/${slug}`);
  }

  // Nothing leaves the form before everything was answered, so what was refused can be mended where it stands.
  async #send(requests, next) {
    const outcome = this.querySelector('.outcome');
    outcome.classList.remove('problem');
    outcome.textContent = this.dataset.sending;
    for (const request of requests) {
      const answer = await attempt(request);
      if (answer.done) continue;
      if (answer.type === 'slug-taken') this.#propose();
      return this.#say(answer.refused ?? this.dataset.away);
    }
    location.assign(next);
  }

  #say(problem) {
    const outcome = this.querySelector('.outcome');
    outcome.classList.add('problem');
    outcome.textContent = problem;
  }
});
