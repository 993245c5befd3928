// <live-coverage>: keeps a coverage's page at the state of its log.
//
// Every frame carries the full state of one update as the page's own HTML, so applying one is an upsert by id and
// doubles are harmless. New updates wait behind <new-updates> unless the reader is at the live edge of a visible page;
// changes of what is already shown apply in place, silently.

import { Connection } from './connection.js';
import { lastVisit } from './last-visit.js';
import { focus, replace, steady } from './reading-place.js';
import { remember } from './remembered.js';

const LOST_SHOWN_AFTER = 5000; // most losses mend sooner; a line that flickers alarms for nothing
const ANNOUNCE_INTERVAL = 10000;
const PICTURE = 16; // between pictures: in one of them a change would meet what is moved in it
const AT_ONCE = 2; // frames: a weak phone needs some 30 ms for each, and a burst must not make it deaf
const MOST = 100; // articles that stay by themselves: a weak phone has to lay all of them out

customElements.define('live-coverage', class extends HTMLElement {
  #frames = [];
  #waiting = new Map(); // id → article, oldest first
  #skipped = 0; // came before those that wait, and would be cut at once
  #announced = 0;
  #unannounced = 0;
  #title = document.title;
  #lost;
  #soon;

  connectedCallback() {
    if (this.connection) return;
    this.querySelector('new-updates').addEventListener('reveal', () => this.#reveal());
    this.addEventListener('click', event => this.#click(event));
    const line = this.querySelector('.last-visit');
    if (line) lastVisit(line, () => this.#stream(), element => place(this.#part('updates'), element));
    const { channel, position, doors = '' } = this.dataset;
    this.connection = new Connection(channel + doors, position, {
      receive: frame => this.#receive(frame),
      reload: () => this.#reload(),
      tell: (stands, offline) => this.#tell(stands, offline),
    });
  }

  #receive(frame) {
    this.#frames.push(frame);
    this.#soon ??= setTimeout(() => this.#take(), PICTURE);
  }

  #take() {
    const frames = this.#frames.splice(0, AT_ONCE);
    this.#soon = this.#frames.length ? setTimeout(() => this.#take(), PICTURE) : undefined;
    const edge = this.#atEdge();
    const live = !this.querySelector('pause-updates')?.paused && ('immediate' in this.dataset || edge && !document.hidden);
    // What comes in at the top is to be seen, not to be held above the window.
    const seen = live && edge && !this.#oldestFirst && frames.some(({ kind }) => kind === 'published');
    try {
      steady(this, () => {
        for (const frame of frames) this.#apply(frame, live);
        if (live) this.#cut();
      }, scrollY > 0 && !seen);
    } catch (error) {
      console.error(error);
      this.connection.begin(); // an event that could not be applied must not become a silent hole
    }
  }

  #apply({ kind, id, html }, live) {
    const template = document.createElement('template');
    template.innerHTML = html;
    const element = template.content.firstElementChild;
    const shown = document.getElementById(`u-${id}`);
    // A page that shows a part of the channel only may turn a frame away, see widget.js.
    const detail = { kind, element, known: shown ?? this.#waiting.get(id) };
    if (!this.dispatchEvent(new CustomEvent('frame', { cancelable: true, detail }))) return;
    if (kind === 'coverage') {
      this.#part('header').replaceWith(element);
    } else if (shown) {
      replace(shown, element);
      if (!kind.endsWith('pinned')) element.classList.add('fresh');
      this.#mirror(element);
    } else if (this.#waiting.has(id)) {
      this.#waiting.set(id, element);
    } else if (order(element) <= order([...this.#waiting.values()].at(-1) ?? this.#stream().at(-1))) {
      this.#mirror(element); // it stands on an archive page; the lists beside the stream still name it
    } else {
      this.#arrive(id, element, live);
    }
  }

  #arrive(id, article, live) {
    if (live && !this.#waiting.size) {
      this.#insert(article);
    } else {
      this.#waiting.set(id, article);
      if (this.#waiting.size > this.#most) {
        this.#waiting.delete(this.#waiting.keys().next().value);
        this.#skipped += 1;
      }
      this.#count();
    }
    this.#unannounced += 1;
    this.#announce();
  }

  #insert(article) {
    place(this.#part('updates'), article);
    article.classList.add('fresh');
    this.querySelector('.empty')?.remove();
    this.#mirror(article);
  }

  #reveal() {
    const arrived = [...this.#waiting.values()];
    const gone = this.#leave([...this.#stream(), ...Array(this.#skipped), ...arrived]);
    this.#forget();
    const fresh = arrived.filter(article => !gone.includes(article));
    for (const article of fresh) this.#insert(article);
    const first = fresh.at(this.#oldestFirst ? 0 : -1);
    (this.#oldestFirst ? first : this.#part('updates'))?.scrollIntoView();
    if (first) focus(first);
  }

  // The oldest archive pages leave the page once nobody can miss them; the link at the old end leads to them.
  #cut() {
    const end = this.#stream()[this.#size - 1]?.getBoundingClientRect();
    if (end && (this.#oldestFirst ? end.bottom < -innerHeight : end.top > 2 * innerHeight)) this.#leave(this.#stream());
  }

  // Takes whole archive pages off the old end of `articles`, oldest first, until no more than #most are left; those.
  #leave(articles) {
    const pages = Math.max(0, Math.ceil((articles.length - this.#most) / this.#size));
    const gone = articles.slice(0, pages * this.#size || 0);
    for (const article of gone) article?.remove();
    if (gone.length) this.#lead(Number(this.#part('pages').dataset.pages) + pages);
    return gone;
  }

  // The link at the old end leads to archive page `page`; 0: there is none.
  #lead(page) {
    const nav = this.#part('pages');
    nav.dataset.pages = page;
    const link = nav.querySelector('[rel="prev"]') ?? nav.appendChild(document.createElement('a'));
    const href = `${this.dataset.channel}?page=${page}${this.#oldestFirst ? '&order=oldest' : ''}`;
    Object.assign(link, { rel: 'prev', href, textContent: nav.dataset.older });
    nav.hidden = !page;
  }

  #click(event) {
    const link = event.target.closest('a');
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const id = link.closest('.key-events li, .pinned-block article')?.id.slice(2);
    if (link.dataset.order) {
      remember('order', link.dataset.order);
    } else if (link.rel === 'prev' && this.#stream().length < 3 * this.#most) {
      event.preventDefault();
      this.#older(link.href).catch(() => location.assign(link.href));
    } else if (id && link.matches('.key-events a, .permalink')) {
      if (this.#waiting.has(id)) this.#reveal();
      const article = document.getElementById(`u-${id}`);
      link.href = article ? `#u-${id}` : `${this.dataset.channel}?with=${id}`;
      if (article) focus(article);
    }
  }

  async #older(address) {
    const page = await load(address);
    const articles = [...page.querySelectorAll('.updates > article')].filter(({ id }) => !document.getElementById(id));
    steady(this, () => {
      for (const article of articles) place(this.#part('updates'), article);
      this.#lead(this.#part('pages').dataset.pages - 1);
    });
    if (articles.length) focus(articles.reduce((one, other) => (order(one) > order(other) ? one : other)));
  }

  #forget() {
    this.#waiting.clear();
    this.#skipped = 0;
    this.#count();
  }

  #count() {
    const count = this.#skipped + this.#waiting.size;
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
    if ('pinned' in article.dataset) {
      if (pinned) replace(pinned, copyOf(article));
      else block.append(copyOf(article));
    } else if (pinned?.dataset.id === id) {
      pinned.remove();
    }
    block.hidden = !block.querySelector('article');

    const list = this.#part('key-events');
    if (!list) return;
    // By its id, and a new one from the newest on: an arrival must not cost more the longer the list is.
    document.getElementById(`k-${id}`)?.remove();
    if ('keyEvent' in article.dataset && status === 'published') {
      const entry = keyEvent(article, this.dataset.channel);
      const entries = list.getElementsByTagName('li');
      let at = 0;
      while (order(entries[at]) > order(article)) at += 1;
      if (entries[at]) entries[at].before(entry);
      else [...list.querySelectorAll('ol')].at(-1).append(entry);
    }
    list.hidden = !list.querySelector('li');
  }

  // The cursor is worthless: take the page as the server renders it now, and its position.
  async #reload() {
    const page = await load(location.href, { cache: 'no-store' });
    const fresh = page.querySelector('live-coverage');
    this.#frames = [];
    steady(this, () => {
      this.#forget();
      for (const part of fresh.querySelectorAll('[data-part]')) this.#part(part.dataset.part)?.replaceWith(part);
      if (this.#stream().length) this.querySelector('.empty')?.remove();
    });
    return fresh.dataset.position;
  }

  #tell(stands, offline) {
    const line = this.querySelector('.lost');
    if (stands) document.getElementById('saved')?.remove();
    const show = () => {
      line.textContent = offline && line.dataset.offline || line.dataset.lost;
      line.hidden = stands;
    };
    if (stands || offline || !line.hidden) {
      this.#lost = clearTimeout(this.#lost);
      show();
    } else {
      this.#lost ??= setTimeout(show, LOST_SHOWN_AFTER); // from the loss on, however often it is tried meanwhile
    }
  }

  // Whether the end where new updates come in is in the window.
  #atEdge() {
    const { top, bottom } = this.#part('updates').getBoundingClientRect();
    return this.#oldestFirst ? bottom < innerHeight + 1 : top > -1; // windows scroll by whole pixels
  }

  // The articles, oldest first.
  #stream() {
    const articles = [...this.#part('updates').children].filter(child => child.dataset.id);
    return this.#oldestFirst ? articles : articles.reverse();
  }

  get #oldestFirst() {
    return this.#part('updates').dataset.order === 'oldest';
  }

  get #size() {
    return Number(this.#part('pages')?.dataset.size ?? NaN);
  }

  get #most() {
    return Math.max(MOST, 3 * this.#size) || Infinity; // where there are no archive pages nothing is cut
  }

  #part(name) {
    return this.querySelector(`[data-part="${name}"]`);
  }
});

// Puts `element` among its siblings, at the place of its order.
function place(list, element) {
  const sign = list.dataset.order === 'oldest' ? -1 : 1;
  const next = [...list.children].find(other => sign * order(other) < sign * order(element));
  list.insertBefore(element, next ?? null);
}

function order(element) {
  return Number(element?.dataset.order ?? 0);
}

async function load(address, options) {
  const answer = await fetch(address, options);
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  return new DOMParser().parseFromString(await answer.text(), 'text/html');
}

// The article as the pinned block has it: the same, with ids of its own.
function copyOf(article) {
  const copy = article.cloneNode(true);
  copy.id = `p-${article.dataset.id}`;
  copy.querySelector('h3').id = `${copy.id}-title`;
  copy.setAttribute('aria-labelledby', `${copy.id}-title`);
  copy.classList.remove('fresh');
  return copy;
}

function keyEvent(article, channel) {
  const entry = document.createElement('li');
  entry.id = `k-${article.dataset.id}`;
  entry.dataset.order = article.dataset.order;
  const link = document.createElement('a');
  link.href = article.isConnected ? `#${article.id}` : `${channel}?with=${article.dataset.id}`;
  const heading = article.querySelector('h3');
  const words = document.createElement('span');
  Object.assign(words, { lang: heading.lang, dir: heading.dir });
  words.append(...heading.cloneNode(true).childNodes); // with its isolates
  link.append(article.querySelector('time').cloneNode(true), ' ', words); // without how long ago: it would stand still
  entry.append(link);
  return entry;
}
