// <new-updates>: the counted button that new updates wait behind. Fires `reveal` when it is pressed.
customElements.define('new-updates', class extends HTMLElement {
  connectedCallback() {
    this.addEventListener('click', () => this.dispatchEvent(new Event('reveal')));
  }

  set count(count) {
    this.hidden = !count;
    if (count) this.querySelector('button').textContent = this.words(count);
  }

  // The message for a count, in the language's own plural form: Arabic has six.
  words(count) {
    const forms = JSON.parse(this.dataset.forms);
    const language = document.documentElement.lang;
    return (forms[new Intl.PluralRules(language).select(count)] ?? forms.other).replace('{n}', count);
  }
});
