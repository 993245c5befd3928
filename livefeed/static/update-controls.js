// What a reader does with one update: hand its address on, and load the post of another site in it.

// <copy-text>: copies the text that its `data-from` names, or hands on the address of the link in it: to what the device
// shares with, else it is copied. It says that it did. Without scripts the link is a link.
const SAID_FOR = 4000; // milliseconds

customElements.define('copy-text', class extends HTMLElement {
  connectedCallback() {
    if (!navigator.clipboard) return; // an address without a certificate: the link leads to what can be copied by hand
    this.hidden = false;
    this.onclick = event => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      const { href } = this.firstElementChild;
      this.#hand(href).catch(() => href && open(href)); // forbidden, as in some frames
    };
  }

  async #hand(url) {
    if (url && navigator.share) {
      const title = this.closest('article, header').querySelector('h1, h3').textContent.trim();
      const refused = await navigator.share({ title, url }).catch(({ name }) => name);
      if (!refused || refused === 'AbortError') return; // the reader thought better of it
    }
    await navigator.clipboard.writeText(url ?? document.getElementById(this.dataset.from).textContent);
    const control = this.firstElementChild;
    this.words ??= control.textContent;
    document.querySelector('[role="status"]').textContent = control.textContent = this.dataset.done;
    setTimeout(() => { control.textContent = this.words; }, SAID_FOR);
  }
});

// <click-to-load>: another site's post behind its preview. Nobody but us is asked for anything before the click.
customElements.define('click-to-load', class extends HTMLElement {
  connectedCallback() {
    const stage = this.querySelector('.stage');
    if (stage.querySelector('button, iframe')) return;
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = this.dataset.label;
    button.onclick = () => {
      const frame = document.createElement('iframe');
      frame.src = this.dataset.frame;
      frame.title = this.querySelector('a').textContent;
      frame.allow = 'autoplay; encrypted-media; fullscreen; picture-in-picture';
      // It runs itself and opens links; it cannot lead this page away.
      frame.sandbox = 'allow-scripts allow-same-origin allow-popups allow-popups-to-escape-sandbox allow-forms';
      stage.replaceChildren(frame);
      frame.focus();
    };
    stage.append(button);
  }
});
