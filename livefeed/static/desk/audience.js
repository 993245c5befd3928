// <desk-audience>: how the coverage runs now: open pages and what has reached them, connections, deliveries. The words
// come from the server. None of it is a live region but the warning: numbers that change must not talk.

const INTERVAL = 5000;
const SOON = 1000; // while an update is still on its way to some

customElements.define('desk-audience', class extends HTMLElement {
  connectedCallback() {
    this.#look();
    addEventListener('outbox-sent', () => this.#look());
    document.addEventListener('visibilitychange', () => this.#look());
    this.#details.addEventListener('toggle', () => this.#look());
  }

  // The counts as the server has them now; null without an answer.
  async counts() {
    const answer = await fetch(this.dataset.counts, { headers: { Accept: 'application/json' } }).catch(() => null);
    return answer?.ok ? answer.json().catch(() => null) : null;
  }

  get #details() {
    return this.querySelector('details');
  }

  async #look() {
    clearTimeout(this.soon);
    if (document.hidden) return;
    const deliveries = this.#details.open ? '?deliveries=1' : ''; // which cost the server more than counting
    const answer = await fetch(this.dataset.page + deliveries).catch(() => null);
    const text = answer?.ok ? await answer.text().catch(() => '') : '';
    const found = new DOMParser().parseFromString(text, 'text/html');
    for (const part of found.querySelectorAll('[data-running]')) this.#show(part);
    clearTimeout(this.soon);
    this.soon = setTimeout(() => this.#look(), found.querySelector('[data-under-way]') ? SOON : INTERVAL);
  }

  #show(part) {
    const current = this.querySelector(`[data-running="${part.dataset.running}"]`);
    if (part.dataset.running === 'warning') {
      current.hidden = !part.textContent;
      if (current.textContent !== part.textContent) current.textContent = part.textContent;
    } else if (current.outerHTML !== part.outerHTML && !current.contains(document.activeElement)) {
      current.replaceWith(part);
    }
  }
});
