// <text-size> and <color-scheme>: what the reader chose, kept in this browser. The words of the schemes are in the
// button; the style sheet shows those of the one in force, which without a choice is the device's.
import { remember } from './remembered.js';

const STEPS = ['100', '112', '125', '150'];
const NEXT = { '': 'light', light: 'dark', dark: '' };
const chosen = document.documentElement.dataset;
chosen.scheme ??= '';

const choice = (name, key, next) => customElements.define(name, class extends HTMLElement {
  connectedCallback() {
    this.hidden = false;
    this.addEventListener('click', event => {
      const button = event.target.closest('button');
      if (!button) return;
      chosen[key] = next(chosen[key], Number(button.dataset.step));
      remember(name === 'text-size' ? name : key, chosen[key]);
    });
  }
});

choice('text-size', 'textSize', (size, step) => STEPS[Math.max(0, STEPS.indexOf(size)) + step] ?? size);
choice('color-scheme', 'scheme', scheme => NEXT[scheme]);
