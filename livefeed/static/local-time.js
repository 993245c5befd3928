// <local-time>: on a time of the coverage's place, a hint of what the reader's own clock shows for it.
customElements.define('local-time', class extends HTMLElement {
  connectedCallback() {
    const time = this.querySelector('time');
    if (!time) return;
    const language = this.closest('[lang]')?.lang || 'en';
    time.title = new Intl.DateTimeFormat(`${language}-u-nu-latn`, {
      dateStyle: 'medium', timeStyle: 'long',
    }).format(new Date(time.dateTime));
  }
});
