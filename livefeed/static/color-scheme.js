// <color-scheme>: light, dark, or as the device has it, kept in this browser. The words are in the button; the style
// sheet shows those of the scheme in force.
const NEXT = { '': 'light', light: 'dark', dark: '' };

customElements.define('color-scheme', class extends HTMLElement {
  connectedCallback() {
    const root = document.documentElement.dataset;
    root.scheme ??= '';
    this.hidden = false;
    this.addEventListener('click', () => {
      root.scheme = NEXT[root.scheme];
      try {
        localStorage.setItem('livefeed:scheme', root.scheme);
      } catch { /* it holds for this page */ }
    });
  }
});
