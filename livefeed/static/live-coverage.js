// <live-coverage>: keeps a coverage's page at the state of its log.
//
// Every frame carries the full state of one update as the page's own HTML, so applying one is an upsert by id and
// doubles are harmless. New updates wait behind <new-updates> unless the reader is at the live edge of a visible page;
// changes of what is already shown apply in place, silently.

import { Connection } from './connection.js';
import { lastVisit } from './last-visit.js';
import { focus, steady } from './reading-place.js';
import { remember } from './remembered.js';

const ANNOUNCE_INTERVAL = 10000;
const PICTURE = 16; // between pictures: in one of them a change would meet what is moved in it
const BITE = 2; // articles or frames between two pictures: a weak phone needs some 10 ms for each, and must not be deaf
const MOST = 100; // articles that stay by themselves: a weak phone has to lay all of them out

customElements.define('live-coverage', class extends HTMLElement {
  #coming = []; // frames, and articles that are to be put in
  #waiting = new Map(); // id → article, oldest first
  #elsewhere = new Map(); // id → article of an archive page as the stream had it last
  #skipped = 0; // came before those that wait, and would be cut at once
  #unannounced = 0;
  #title = document.title;
  #soon;
  #quiet;

  connectedCallback() {
    if (this.connection) return;
    this.addEventListener('click', event => this.#click(event));
    const line = this.querySelector('.last-visit');
    if (line) lastVisit(line, () => this.#stream(), element => place(this.#part('updates'), element));
    const { channel, position, doors = '' } = this.dataset;
    this.connection = new Connection(channel + doors, position, {
      receive: frame => {
        this.#coming.push(frame);
        this.#goOn();
      },
      reload: () => this.#reload(),
      tell: (stands, offline) => this.#tell(stands, offline),
    });
  }

  #goOn() {
    if (this.#coming.length) this.#soon ??= setTimeout(() => this.#take(), PICTURE);
  }

  #take() {
    const edge = this.#atEdge();
    const live = !this.querySelector('pause-updates')?.paused && ('immediate' in this.dataset || edge && !document.hidden);
    const bite = this.#coming.splice(0, document.hidden ? Infinity : BITE); // timers of hidden pages come seldom
    this.#soon = undefined;
    this.#goOn();
    // What comes in at the top is to be seen, not to be held above the window.
    const seen = live && edge && !this.#oldestFirst && bite.some(({ kind }) => kind === 'published');
    try {
      steady(this, () => {
        if (live) this.#cut(bite.length);
        for (const one of bite) this.#apply(one, live);
      }, scrollY > 0 && !seen);
      this.#count();
    } catch (error) {
      console.error(error);
      this.connection.begin(); // an event that could not be applied must not become a silent hole
    }
  }

  #apply({ kind, id, html, article }, live) {
    if (article) {
      if (!document.getElementById(article.id)) this.#insert(article); // older ones may have been asked for twice
      return;
    }
    const element = made(html);
    const shown = document.getElementById(`u-${id}`);
    // A page that shows a part of the channel only may turn a frame away, see widget.js.
    const detail = { kind, element, known: shown ?? this.#waiting.get(id) };
    if (!this.dispatchEvent(new CustomEvent('frame', { cancelable: true, detail }))) return;
    element.classList.toggle('fresh', !shown || !kind.endsWith('pinned'));
    if (kind === 'coverage') {
      this.#part('header').replaceWith(element);
    } else if (shown) {
      shown.replaceWith(element);
      this.#elsewhere.delete(id);
      this.#mirror(element);
    } else if (this.#waiting.has(id)) {
      this.#waiting.set(id, element);
    } else if (order(element) <= order([...this.#waiting.values()].at(-1) ?? this.#stream().at(-1))) {
      this.#elsewhere.set(id, element);
      if (this.#elsewhere.size > MOST) this.#elsewhere.delete(this.#elsewhere.keys().next().value);
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
    }
    this.#unannounced += 1;
    this.#announce();
  }

  #insert(article) {
    place(this.#part('updates'), article);
    this.querySelector('.empty')?.remove();
    this.#mirror(article);
  }

  #reveal() {
    const arrived = [...this.#waiting.values()];
    const gone = this.#leave([...this.#stream(), ...Array(this.#skipped), ...arrived]);
    this.#forget();
    const fresh = arrived.filter(article => !gone.includes(article));
    if (!this.#oldestFirst) fresh.reverse();
    this.#put(fresh);
    const [first] = fresh;
    // At once: a glide over all of it would have all of it drawn.
    (this.#oldestFirst ? first : this.#part('updates'))?.scrollIntoView({ behavior: 'instant' });
    if (first) focus(first);
  }

  // Puts some of `articles` in at once, the others between the next pictures and before what comes.
  #put(articles) {
    for (const article of articles.slice(0, BITE)) this.#insert(article);
    this.#coming.unshift(...articles.slice(BITE).map(article => ({ article })));
    this.#goOn();
  }

  // The oldest archive pages leave the page for `room` articles, once nobody can miss them; the link at the old end leads to
  // them. Before those come, for what has changed would have to be laid out to ask where it stands.
  #cut(room) {
    const articles = [...this.#stream(), ...Array(room)];
    const end = articles[this.#size - 1]?.getBoundingClientRect();
    if (end && (this.#oldestFirst ? end.bottom < -innerHeight : end.top > 2 * innerHeight)) this.#leave(articles);
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
    nav.querySelector('[rel="prev"]').href = `${this.dataset.channel}?page=${page}${this.#oldestFirst ? '&order=oldest' : ''}`;
    nav.hidden = !page;
  }

  #click(event) {
    if (event.target.closest('new-updates')) this.#reveal();
    const link = event.target.closest('a');
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const id = link.closest('.key-events li, .pinned-block article')?.id.slice(2);
    if (link.dataset.order) {
      remember('order', link.dataset.order);
    } else if (link.rel === 'prev' && this.#stream().length < 3 * this.#most) {
      event.preventDefault();
      this.#older(link.href).catch(() => location.assign(link.href));
    } else if (id && link.matches('.key-events a, .permalink')) {
      const article = document.getElementById(`u-${id}`);
      link.href = article ? `#u-${id}` : `${this.dataset.channel}?with=${id}`;
      if (article) focus(article);
    }
  }

  async #older(address) {
    const page = await load(address, { cache: 'no-cache' });
    // It may have been on its way, or in a cache, when one of them was changed or retracted.
    const articles = [...page.querySelectorAll('.updates > article')].filter(({ id }) => !document.getElementById(id))
      .map(article => [this.#elsewhere.get(article.dataset.id), article].find(one => one?.dataset.revision >= Number(article.dataset.revision)));
    articles.sort((one, other) => order(other) - order(one));
    steady(this, () => {
      this.#put(articles);
      this.#lead(new URL(address).searchParams.get('page') - 1); // however often it was pressed meanwhile
    });
    if (articles.length) focus(articles[0]);
  }

  #forget() {
    this.#waiting.clear();
    this.#skipped = 0;
    this.#count();
  }

  #count() {
    const count = this.#skipped + this.#waiting.size;
    const title = count ? `(${count}) ${this.#title}` : this.#title;
    if (document.title === title) return;
    document.title = title;
    this.querySelector('new-updates').count = count;
  }

  // Counts only, and seldom: a screen reader must not be talked over by a busy story.
  #announce() {
    if (this.#quiet || !this.#unannounced) return;
    this.querySelector('[role="status"]').textContent = this.querySelector('new-updates').words(this.#unannounced);
    this.#unannounced = 0;
    this.#quiet = setTimeout(() => {
      this.#quiet = 0;
      this.#announce();
    }, ANNOUNCE_INTERVAL);
  }

  // What else on the page shows this update: the pinned block and the list of key events.
  #mirror(article) {
    const { id, status } = article.dataset;
    const block = this.#part('pinned');
    if ('pinned' in article.dataset) block.replaceChildren(copyOf(article));
    else document.getElementById(`p-${id}`)?.remove();
    block.hidden = !block.querySelector('article');

    const list = this.#part('key-events');
    if (!list) return;
    // By its id, and a new one from the newest on: an arrival must not cost more the longer the list is.
    document.getElementById(`k-${id}`)?.remove();
    if ('keyEvent' in article.dataset && status === 'published') {
      const entry = keyEvent(article, this.dataset.channel);
      const line = list.querySelector('ol');
      const atStart = !line.scrollLeft;
      const older = [...list.querySelectorAll('li')].find(other => order(other) < order(article));
      if (older) older.before(entry);
      else [...list.querySelectorAll('ol')].at(-1).append(entry);
      // On a phone it is a line of which browsers keep the entry that is looked at; who is at its start sees what comes.
      if (atStart) line.scrollLeft = 0;
    }
    list.hidden = !list.querySelector('li');
  }

  // The cursor is worthless: take the page as the server renders it now, and its position.
  async #reload() {
    const page = await load(location.href, { cache: 'no-store' });
    const fresh = page.querySelector('live-coverage');
    this.#coming = [];
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
    // The style sheet waits some seconds with the line of a loss, however often it is tried meanwhile.
    line.classList.toggle('offline', offline);
    line.textContent = line.dataset[offline ? 'offline' : 'lost'];
    line.hidden = stands;
  }

  // Whether the end where new updates come in is in the window.
  #atEdge() {
    const { top, bottom } = this.#part('updates').getBoundingClientRect();
    return this.#oldestFirst ? bottom < innerHeight + 1 : top > -1; // windows scroll by whole pixels
  }

  // The articles, oldest first.
  #stream() {
    const articles = [...this.#part('updates').querySelectorAll('article')];
    return this.#oldestFirst ? articles : articles.reverse();
  }

  get #oldestFirst() {
    return this.#part('updates').dataset.order === 'oldest';
  }

  get #size() {
    return Number(this.#part('pages')?.dataset.size);
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
function copyOf({ id, outerHTML }) {
  return made(outerHTML.replaceAll(`"${id}`, `"p${id.slice(1)}`));
}

function keyEvent(article, channel) {
  const { id, order } = article.dataset;
  const { lang, dir, innerHTML } = article.querySelector('h3');
  const time = article.querySelector('time').outerHTML; // without how long ago: it would stand still
  const address = article.isConnected ? `#${article.id}` : `${channel}?with=${id}`;
  return made(`<li id="k-${id}" data-order="${order}"><a href="${address}">${time} <span lang="${lang}" dir="${dir}">${innerHTML}</span></a></li>`);
}

function made(html) {
  const template = document.createElement('template');
  template.innerHTML = html;
  return template.content.firstElementChild;
}
