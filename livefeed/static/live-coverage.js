// <live-coverage>: keeps a coverage's page at the state of its log.
//
// Every frame carries the full state of one update as the page's own HTML, so applying one is an upsert by id and
// doubles are harmless. New updates wait behind <new-updates> unless the reader is at the top of a visible page;
// changes of what is already shown apply in place, silently.

import { Connection } from './connection.js';

const LOST_SHOWN_AFTER = 5000; // most losses mend sooner; a line that flickers alarms for nothing
const ANNOUNCE_INTERVAL = 10000;

customElements.define('live-coverage', class extends HTMLElement {
  #waiting = new Map(); // id → article
  #announced = 0;
  #unannounced = 0;
  #title = document.title;
  #lost;

  connectedCallback() {
    if (this.connection) return;
    this.querySelector('new-updates').addEventListener('reveal', () => this.#reveal());
    this.connection = new Connection(this.dataset.channel, this.dataset.position, {
      receive: frame => this.#apply(frame),
      reload: () => this.#reload(),
      tell: stands => this.#tell(stands),
    });
  }

  #apply({ kind, id, html }) {
    const template = document.createElement('template');
    template.innerHTML = html;
    const element = template.content.firstElementChild;
    const shown = document.getElementById(`u-${id}`);
    // A page that shows a part of the channel only may turn a frame away, see widget.js.
    const detail = { kind, element, known: shown ?? this.#waiting.get(id) };
    if (!this.dispatchEvent(new CustomEvent('frame', { cancelable: true, detail }))) return;
    if (kind === 'coverage') return this.#part('header').replaceWith(element);
    if (shown) {
      const focused = shown.contains(document.activeElement);
      shown.replaceWith(element);
      if (focused) focus(element);
      this.#mirror(element);
    } else if (this.#waiting.has(id)) {
      this.#waiting.set(id, element);
    } else if (Number(element.dataset.order) < this.#oldest()) {
      this.#mirror(element); // it stands on an archive page; the lists beside the stream still name it
    } else {
      this.#arrive(id, element);
    }
  }

  #arrive(id, article) {
    if (this.#mayInsert()) {
      this.#insert(article);
    } else {
      this.#waiting.set(id, article);
      this.#count();
    }
    this.#unannounced += 1;
    this.#announce();
  }

  #mayInsert() {
    if (this.#waiting.size || this.querySelector('pause-updates')?.paused) return false;
    if ('immediate' in this.dataset) return true;
    return !document.hidden && this.#part('updates').getBoundingClientRect().top >= 0;
  }

  #insert(article) {
    const order = Number(article.dataset.order);
    const list = this.#part('updates');
    const next = [...list.children].find(other => Number(other.dataset.order) < order);
    list.insertBefore(article, next ?? null);
    article.classList.add('fresh');
    this.querySelector('.empty')?.remove();
    this.#mirror(article);
  }

  #reveal() {
    const articles = [...this.#waiting.values()].sort((one, other) => one.dataset.order - other.dataset.order);
    this.#waiting.clear();
    this.#count();
    for (const article of articles) this.#insert(article);
    this.#part('updates').scrollIntoView();
    if (articles.length) focus(articles.at(-1));
  }

  #count() {
    const count = this.#waiting.size;
    this.querySelector('new-updates').count = count;
    document.title = count ? `(${count}) ${this.#title}` : this.#title;
  }

  // Counts only, and seldom: a screen reader must not be talked over by a busy story.
  #announce() {
    clearTimeout(this.soon);
    const wait = this.#announced + ANNOUNCE_INTERVAL - performance.now();
    if (this.#announced && wait > 0) {
      this.soon = setTimeout(() => this.#announce(), wait);
      return;
    }
    this.querySelector('[role="status"]').textContent = this.querySelector('new-updates').words(this.#unannounced);
    this.#announced = performance.now();
    this.#unannounced = 0;
  }

  // What else on the page shows this update: the pinned block and the list of key events.
  #mirror(article) {
    const { id, status } = article.dataset;
    const block = this.#part('pinned');
    const pinned = block.querySelector('article');
    if ('pinned' in article.dataset) block.replaceChildren(copyOf(article));
    else if (pinned?.dataset.id === id) pinned.remove();
    block.hidden = !block.querySelector('article');

    const list = this.#part('key-events');
    if (!list) return;
    const entries = [...list.querySelectorAll('li')];
    entries.find(entry => entry.dataset.id === id)?.remove();
    if ('keyEvent' in article.dataset && status === 'published') {
      const entry = keyEvent(article);
      const next = entries.find(other => other.isConnected && other.dataset.order - article.dataset.order < 0);
      if (next) next.before(entry);
      else [...list.querySelectorAll('ol')].at(-1).append(entry);
    }
    list.hidden = !list.querySelector('li');
  }

  // The cursor is worthless: take the page as the server renders it now, and its position.
  async #reload() {
    const answer = await fetch(location.href, { cache: 'no-store' });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    const fresh = page.querySelector('live-coverage');
    for (const part of fresh.querySelectorAll('[data-part]')) this.#part(part.dataset.part)?.replaceWith(part);
    if (this.#oldest()) this.querySelector('.empty')?.remove();
    this.#waiting.clear();
    this.#count();
    return fresh.dataset.position;
  }

  #tell(stands) {
    const line = this.querySelector('.lost');
    if (stands) {
      clearTimeout(this.#lost);
      this.#lost = undefined;
      line.hidden = true;
    } else {
      this.#lost ??= setTimeout(() => { line.hidden = false; }, LOST_SHOWN_AFTER);
    }
  }

  #oldest() {
    return Number(this.#part('updates').lastElementChild?.dataset.order ?? 0);
  }

  #part(name) {
    return this.querySelector(`[data-part="${name}"]`);
  }
});

// The article as the pinned block has it: the same, with ids of its own.
function copyOf(article) {
  const copy = article.cloneNode(true);
  copy.id = `p-${article.dataset.id}`;
  copy.querySelector('h3').id = `${copy.id}-title`;
  copy.setAttribute('aria-labelledby', `${copy.id}-title`);
  copy.classList.remove('fresh');
  return copy;
}

function keyEvent(article) {
  const entry = document.createElement('li');
  Object.assign(entry.dataset, { id: article.dataset.id, order: article.dataset.order });
  const link = document.createElement('a');
  link.href = article.isConnected ? `#${article.id}` : article.querySelector('.permalink').href;
  const heading = article.querySelector('h3');
  const words = document.createElement('span');
  Object.assign(words, { lang: heading.lang, dir: heading.dir });
  words.append(...heading.cloneNode(true).childNodes); // with its isolates
  link.append(article.querySelector('local-time').cloneNode(true), ' ', words);
  entry.append(link);
  return entry;
}

function focus(article) {
  article.tabIndex = -1;
  article.focus({ preventScroll: true });
}
