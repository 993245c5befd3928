// <desk-panels>: drafts, submissions, schedules, the stream and retractions, with how many of each there are and how
// many are new to this editor.
//
// What was looked at is remembered in this browser alone: for each panel the stamp of every entry, which is another one
// after every change, and how far the stream had come. Whoever presses, scrolls or moves the focus in an open panel has
// looked at it; what one did oneself is never new.

import { counted } from '../counted.js';
import { ANSWER_TIMEOUT } from './request.js';

const PUBLIC = new Set(['published', 'retracted']);
const RETRY_AFTER = 5000;

customElements.define('desk-panels', class extends HTMLElement {
  #key = `livefeed:seen:${this.dataset.account}:${this.dataset.slug}`;
  #stream = document.querySelector('live-coverage');
  #opened = new Map(); // panel → whether the editor wants it open
  #tag = '""'; // of the panels that the server gave last
  #shown = new Map(); // part → how the server had it
  #loading = null; // a promise, while they are on their way
  #again = false;
  #retry;

  connectedCallback() {
    for (const { dataset, outerHTML } of document.querySelectorAll('[data-part^="panel"]')) this.#shown.set(dataset.part, outerHTML);
    const words = JSON.parse(this.dataset.forms);
    this.words = n => counted(words, n);
    if (!localStorage.getItem(this.#key)) for (const { dataset } of this.#links) this.#look(dataset.panel, true);
    for (const kind of ['pointerdown', 'wheel', 'focusin']) {
      document.addEventListener(kind, ({ target }) => this.#look(panelOf(target)), { passive: true });
    }
    document.addEventListener('click', event => this.#press(event));
    addEventListener('storage', ({ key }) => key === this.#key && this.#count());
    addEventListener('outbox-sent', ({ detail }) => {
      this.#did(detail);
      this.refresh();
    });
    addEventListener('outbox-back', () => this.refresh());
    this.#stream.addEventListener('frame', () => this.refresh());
    new MutationObserver(() => this.#count()).observe(this.#stream, { childList: true, subtree: true });
    this.#count();
  }

  // The editor has seen what is in `panel`.
  look(panel) {
    this.#look(panel, true);
  }

  // Take the panels as the server has them now; resolves when they are there, or cannot be had. Many reasons at once
  // cost one page.
  refresh() {
    this.#again = true;
    this.#loading ??= this.#loadAll();
    return this.#loading;
  }

  async #loadAll() {
    try {
      while (this.#again) {
        this.#again = false;
        clearTimeout(this.#retry);
        await this.#load();
      }
    } finally {
      this.#loading = null;
    }
  }

  async #load() {
    const parts = new URL(location.href);
    parts.searchParams.set('part', 'panels');
    const asked = { headers: { 'If-None-Match': this.#tag }, signal: AbortSignal.timeout(ANSWER_TIMEOUT) };
    const answer = await fetch(parts, asked).catch(() => null);
    const text = await answer?.text().catch(() => null) ?? null;
    if (text === null || answer.status >= 500) { // without an answer, or with half of one
      this.#retry = setTimeout(() => this.refresh(), RETRY_AFTER);
      return;
    }
    if (!answer.ok) return; // 304: they are those we have
    const page = new DOMParser().parseFromString(text, 'text/html');
    this.#tag = answer.headers.get('ETag');
    for (const part of page.querySelectorAll('[data-part^="panel"]')) {
      const { dataset: { part: name }, outerHTML } = part;
      if (this.#shown.get(name) === outerHTML) continue; // whoever reads or presses there is not disturbed
      this.#shown.set(name, outerHTML);
      const current = document.querySelector(`[data-part="${name}"]`);
      const focused = current.contains(document.activeElement) ? signOf(document.activeElement) : null;
      for (const panel of part.querySelectorAll('details')) panel.open = this.#opened.get(panel.dataset.panel) ?? panel.open;
      current.replaceWith(part);
      if (focused) part.querySelector(focused)?.focus();
    }
    this.#count();
    this.dispatchEvent(new Event('panels-fresh', { bubbles: true }));
  }

  #press(event) {
    const { target } = event;
    const link = target.closest('desk-panels a');
    const panel = link ? document.getElementById(`panel-${link.dataset.panel}`) : target.closest('summary')?.closest('.panel');
    if (panel) {
      const open = Boolean(link) || !panel.open; // a press on its summary is about to turn it
      this.#opened.set(panel.dataset.panel, open);
      if (open) this.#look(panel.dataset.panel, true);
      if (!link) return;
      event.preventDefault(); // following it would take the focus away from what it leads to
      panel.open = true;
      panel.scrollIntoView();
      panel.querySelector('summary').focus();
    } else if (link) {
      this.#look(link.dataset.panel, true);
    }
  }

  // The editor sees what is in `panel`; one that is folded up shows nothing, unless it is just being opened.
  #look(panel, opening = false) {
    if (!panel || !opening && document.getElementById(`panel-${panel}`)?.open === false) return;
    if (isOlder(panel)) return;
    const seen = this.#seen();
    const entries = entriesOf(panel);
    const before = JSON.stringify(seen);
    seen[panel] = Object.fromEntries(entries.map(({ id, stamp }) => [id, stamp]));
    if (panel === 'published') seen.top = Math.max(seen.top, ...entries.map(({ order }) => order));
    if (JSON.stringify(seen) !== before) this.#keep(seen);
  }

  #did({ entry, document: update }) {
    if (!update.status) return; // what was done is no update's
    const seen = this.#seen();
    seen[update.status][update.id] = stampOf(update.status, update.revision, update.revised_at);
    if (PUBLIC.has(update.status) || entry.hold) seen.published[update.id] = stampOf('published', update.revision);
    this.#keep(seen);
  }

  #count() {
    const seen = this.#seen();
    const said = [];
    for (const link of this.#links) {
      const { panel } = link.dataset;
      const fresh = (isOlder(panel) ? [] : entriesOf(panel)).filter(({ id, stamp, order, element }) => {
        const known = seen[panel][id];
        const is = known ? known !== stamp : panel !== 'published' || order > seen.top;
        element.toggleAttribute('data-unread', is);
        return is;
      });
      const words = fresh.length ? this.words(fresh.length) : '';
      const mark = link.querySelector('.unread');
      if (mark.textContent !== words) mark.textContent = words;
      if (words && panel !== 'published') said.push(link.textContent.trim().replace(/\s+/g, ' '));
    }
    const status = this.querySelector('[role="status"]');
    if (status.textContent !== said.join('. ')) status.textContent = said.join('. ');
  }

  #seen() {
    const nothing = Object.fromEntries([...this.#links].map(({ dataset }) => [dataset.panel, {}]));
    return { ...nothing, top: 0, ...JSON.parse(localStorage.getItem(this.#key) ?? '{}') };
  }

  #keep(seen) {
    localStorage.setItem(this.#key, JSON.stringify(seen));
    this.#count();
  }

  get #links() {
    return this.querySelectorAll('a[data-panel]');
  }
});

function panelOf(element) {
  return element.closest?.('.panel')?.dataset.panel ?? (element.closest?.('.updates') && 'published');
}

// A later page of a panel: what stands there is not new, and says nothing of what is.
function isOlder(panel) {
  return document.getElementById(`panel-${panel}`)?.hasAttribute('data-older');
}

// Another one after every change that counts: what is public has a new revision, what is not a later time.
function stampOf(status, revision, revisedAt) {
  return PUBLIC.has(status) ? `${revision}` : `${Date.parse(revisedAt)}`;
}

// What stands in a panel: { id, stamp, order, element }.
function entriesOf(panel) {
  const entries = document.querySelectorAll(panel === 'published' ? '.updates > article' : `#panel-${panel} li[data-id]`);
  return [...entries].map(element => {
    const { id, status, revision, revised, order } = element.dataset;
    return { id, stamp: stampOf(status, revision, revised), order: Number(order), element };
  });
}

// How to find again, in a panel that was replaced, what has the focus.
function signOf(element) {
  const id = element.closest('[data-id]')?.dataset.id;
  const panel = element.closest('[data-panel]')?.dataset.panel;
  if (element.matches('.pages a')) return `[data-panel="${panel}"] .pages a[href="${element.getAttribute('href')}"]`;
  if (!id) return `[data-panel="${panel}"] summary, a[data-panel="${panel}"]`;
  const { action, deed } = element.dataset;
  return `[data-id="${id}"] ${action ? `[data-action="${action}"]` : deed ? `[data-deed="${deed}"]` : 'a'}`;
}
