// <livefeed-coverage>: a live coverage of the site that this script comes from, in any page. A classic script without
// a build, for it has to run wherever a line of HTML can be pasted:
//
//   <script async src="SITE/embed.js"></script>
//   <livefeed-coverage slug="storm"><a href="SITE/live/storm">…</a></livefeed-coverage>
//
// The coverage runs in a frame of its own, inside a shadow root: neither page's styles or scripts reach the other's.
// The link inside shows where scripts are off, and until the frame has come. Documented in docs/embedding.md.
(() => {
  const script = document.currentScript.src;
  if (customElements.get('livefeed-coverage')) return;

  const HIGHEST = 20000; // pixels; whatever a frame says, the page around it stays a page
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`
    :host { display: block; }
    :host([hidden]), slot[hidden] { display: none; }
    iframe {
      display: block; box-sizing: border-box; inline-size: 100%; block-size: 20rem;
      min-block-size: var(--livefeed-min-height, 0); max-block-size: var(--livefeed-max-height, none);
      border: var(--livefeed-border, 1px solid rgb(128 128 128 / .35)); border-radius: var(--livefeed-radius, 8px);
      color-scheme: light dark;
    }`);

  customElements.define('livefeed-coverage', class extends HTMLElement {
    static observedAttributes = ['slug', 'limit', 'theme', 'accent', 'breaking', 'height', 'label'];

    #frame = document.createElement('iframe');
    #slot = document.createElement('slot');
    #hear = ({ source, data }) => {
      if (source === this.#frame.contentWindow && data?.type === 'livefeed:height') this.#fit(Number(data.height));
    };

    constructor() {
      super();
      const root = this.attachShadow({ mode: 'open' });
      root.adoptedStyleSheets = [sheet];
      this.#frame.part = 'frame';
      this.#frame.loading = 'lazy';
      const sharing = navigator.share ? '; web-share' : ''; // what a browser does not know it complains about
      this.#frame.allow = `fullscreen; encrypted-media; picture-in-picture; clipboard-write${sharing}`;
      root.append(this.#slot, this.#frame);
    }

    connectedCallback() {
      addEventListener('message', this.#hear);
      this.#load();
    }

    disconnectedCallback() {
      removeEventListener('message', this.#hear);
    }

    attributeChangedCallback() {
      if (this.isConnected) this.#load();
    }

    #load() {
      const slug = this.getAttribute('slug');
      const url = new URL(`embed/${slug ? encodeURIComponent(slug) : 'breaking'}`, script);
      for (const name of ['limit', 'theme', 'accent']) {
        const property = getComputedStyle(this).getPropertyValue(`--livefeed-${name}`);
        const value = (this.getAttribute(name) ?? property).trim().replace('#', '');
        if (value) url.searchParams.set(name, value);
      }
      if (slug && this.hasAttribute('breaking')) url.searchParams.set('breaking', '1');
      this.#name();
      if (this.#frame.src !== url.href) this.#frame.src = url.href;
      const height = Number(this.getAttribute('height'));
      if (height > 0) this.#frame.style.blockSize = `${height}px`;
    }

    // What the link inside says, if no label is given. The parser may not have come to it when we begin.
    #name() {
      this.#frame.title = this.getAttribute('label') ?? this.textContent.trim();
    }

    #fit(height) {
      this.#name();
      this.#slot.hidden = true;
      if (this.hasAttribute('height') || !(height > 0)) return;
      const border = this.#frame.offsetHeight - this.#frame.clientHeight;
      this.#frame.style.blockSize = `${Math.min(HIGHEST, Math.ceil(height)) + border}px`;
    }
  });
})();
