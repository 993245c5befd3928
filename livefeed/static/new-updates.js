// <new-updates>: the counted button that new updates wait behind, for <live-coverage> to show them when it is pressed.
// <pause-updates>: while paused, all of them wait there (WCAG 2.2.2).
import { counted } from './counted.js';
import { remember, remembered } from './remembered.js';

customElements.define('new-updates', class extends HTMLElement {
  set count(count) {
    this.hidden = !count;
    this.querySelector('button').textContent = this.words(count);
  }

  // The message for a count, in the language's own plural form: Arabic has six.
  words(count) {
    return counted(JSON.parse(this.dataset.forms), count);
  }
});

customElements.define('pause-updates', class extends HTMLElement {
  connectedCallback() {
    this.#show(remembered('paused') === 'yes');
    this.onclick = () => {
      this.#show(!this.paused);
      remember('paused', this.paused ? 'yes' : 'no');
    };
  }

  #show(paused) {
    this.paused = paused;
    this.querySelector('button').textContent = paused ? this.dataset.on : this.dataset.off;
  }
});
