// <text-size>: the reader's own text size, kept in this browser.
const STEPS = ['100', '112', '125', '150'];

customElements.define('text-size', class extends HTMLElement {
  connectedCallback() {
    this.hidden = false;
    this.addEventListener('click', event => {
      const step = Number(event.target.closest('button')?.dataset.step);
      if (step) this.#choose(step);
    });
  }

  #choose(step) {
    const root = document.documentElement;
    const at = Math.max(0, STEPS.indexOf(root.dataset.textSize)) + step;
    root.dataset.textSize = STEPS[Math.min(STEPS.length - 1, Math.max(0, at))];
    try {
      localStorage.setItem('livefeed:text-size', root.dataset.textSize);
    } catch { /* it holds for this page */ }
  }
});
