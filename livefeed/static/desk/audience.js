// <desk-audience>: how many pages are open now, and whether the newest update has reached them all.

const INTERVAL = 5000;

customElements.define('desk-audience', class extends HTMLElement {
  connectedCallback() {
    this.#look();
    addEventListener('outbox-sent', () => this.#look());
    document.addEventListener('visibilitychange', () => this.#look());
  }

  // The counts as the server has them now; null without an answer.
  async counts() {
    const answer = await fetch(this.dataset.address, { headers: { Accept: 'application/json' } }).catch(() => null);
    return answer?.ok ? answer.json() : null;
  }

  #clock(moment) {
    const { lang } = document.documentElement;
    const told = { hour: '2-digit', minute: '2-digit', timeZone: this.dataset.zone, numberingSystem: 'latn' };
    return new Intl.DateTimeFormat(lang, told).format(new Date(moment));
  }

  async #look() {
    clearTimeout(this.soon);
    if (document.hidden) return;
    const counts = await this.counts();
    if (counts) this.#show(counts);
    clearTimeout(this.soon);
    this.soon = setTimeout(() => this.#look(), INTERVAL);
  }

  #show({ readers, reached, closes_at: closing }) {
    const warning = this.querySelector('.warning');
    warning.hidden = !closing;
    if (closing) warning.textContent = this.dataset.closing.replace('{time}', this.#clock(closing));
    const { forms, all, some } = this.dataset;
    const words = JSON.parse(forms);
    const form = new Intl.PluralRules(document.documentElement.lang).select(readers);
    const open = (words[form] ?? words.other).replace('{n}', readers);
    const news = reached >= readers ? all : some.replace('{n}', reached);
    this.querySelector('.open').textContent = readers ? `${open} · ${news}` : open;
  }
});
