// <pause-updates>: while paused, new updates wait behind the counted button (WCAG 2.2.2). Kept in this browser.
const KEY = 'livefeed:paused';

customElements.define('pause-updates', class extends HTMLElement {
  connectedCallback() {
    try {
      this.paused = localStorage.getItem(KEY) === 'yes';
    } catch {
      this.paused = false;
    }
    this.addEventListener('click', () => {
      this.paused = !this.paused;
      this.#show();
      try {
        localStorage.setItem(KEY, this.paused ? 'yes' : 'no');
      } catch { /* it holds for this page */ }
    });
    this.#show();
  }

  #show() {
    this.querySelector('button').textContent = this.paused ? this.dataset.on : this.dataset.off;
  }
});
