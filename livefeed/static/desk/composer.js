// <desk-composer>: the form that is always open. What is sent goes to <desk-outbox> at once and leaves the form free
// for the next update; what is typed is kept by a `Composition`.

import { Composition } from './composition.js';
import { changed, given, parted, sendable, settled, textOf } from './fields.js';
import { agreed } from './going-out.js';
import { merged } from './merge.js';
import { newRequest } from './request.js';
import './rich-text.js';

const TEXTS = ['headline', 'attribution', 'verification', 'dateline', 'place', 'publish_local'];
const SIGNATURE = ['byline', 'dateline', 'place']; // of the last update of this editor; the next one begins with it
const FLAGS = ['breaking', 'key_event', 'pin'];
// Elements with a `value`.
const LISTS = { body: 'rich-text', media: 'desk-pictures', related: 'desk-related', embeds: 'desk-embeds' };

customElements.define('desk-composer', class extends HTMLElement {
  #form = this.querySelector('form');
  #outcome = this.querySelector('.outcome');
  #outbox = document.querySelector('desk-outbox');
  #waiting = null; // a mark of what was asked to be sent, while it waits for its pictures and cards
  #told; // the id of the target that presence was told of
  #merge = this.querySelector('desk-merge');
  #target = null; // the update being changed: { id, revision, status, before, clash }
  #signature = JSON.parse(this.dataset.signature);
  #composition = new Composition(this.dataset.autosaves, `livefeed:composer:${this.dataset.account}:${this.dataset.slug}:`);

  connectedCallback() {
    this.#form.addEventListener('input', () => this.#keep());
    this.#form.addEventListener('change', () => this.#mode());
    this.#form.addEventListener('refused', event => this.#say(event.detail, true));
    this.#form.addEventListener('submit', event => {
      event.preventDefault();
      this.#submit(event.submitter?.value);
    });
    this.#form.addEventListener('keydown', event => {
      if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      this.#form.requestSubmit(this.#form.querySelector('.primary:not([hidden])'));
    });
    this.querySelector('[data-deed="leave"]').addEventListener('click', () => {
      const left = this.empty ? null : { values: this.values, target: this.#target };
      this.clear();
      this.#say('');
      this.#offer('.cleared', left); // it may have been pressed by mistake
    });
    addEventListener('outbox-returned', () => this.#takeReturned());
    addEventListener('outbox-back', ({ detail }) => this.#takeBack(detail.entry));
    addEventListener('outbox-sent', ({ detail }) => detail.entry.slug === this.dataset.slug && this.#say(this.dataset.sent));
    this.#sign();
    this.#mode();
    if (!this.#blank) this.#keep(); // typed before this script came
    this.opened = this.#open();
  }

  get values() {
    const fields = this.#form.elements;
    const values = { note: fields.note.value, change: fields.change?.value ?? '' };
    for (const [name, element] of Object.entries(LISTS)) values[name] = this.querySelector(element).value;
    for (const name of TEXTS) values[name] = fields[name].value;
    values.byline = parted(fields.byline.value, '\n');
    values.tags = parted(fields.tags.value, /[,\u060c\n]/);
    // A flag this role may not set has no box: it must not look like one that was cleared.
    for (const name of FLAGS) if (fields[name]) values[name] = fields[name].checked;
    return values;
  }

  set values(values) {
    this.#form.elements.note.value = values.note ?? '';
    for (const radio of this.#form.querySelectorAll('[name="change"]')) radio.checked = radio.value === values.change;
    for (const name of [...Object.keys(LISTS), ...TEXTS, 'byline', 'tags', ...FLAGS]) this.#put(name, values[name]);
    this.#mode();
  }

  #put(name, value) {
    const field = this.#form.elements[name];
    if (LISTS[name]) this.querySelector(LISTS[name]).value = value ?? (name === 'body' ? '' : []);
    else if (!FLAGS.includes(name)) field.value = [value ?? ''].flat().join(name === 'tags' ? ', ' : '\n');
    else if (field) field.checked = Boolean(value);
  }

  // Whether nothing would be lost by writing something else here.
  get empty() {
    return this.#blank && !this.querySelector('desk-pictures li') && !this.querySelector('desk-embeds').sending;
  }

  // Whether there is nothing to be kept.
  get #blank() {
    const { headline, body, media, embeds } = this.values;
    return !this.#target && !headline.trim() && !body && !media.length && !embeds.length;
  }

  // The update as the server would take it now: for the preview.
  get draft() {
    const { note, change, pin, publish_local, ...fields } = this.values;
    fields.media = fields.media.filter(({ id }) => id); // without what is still on its way
    return { ...given(sendable(fields)), format: 'html' };
  }

  // Seconds in which what goes out can be taken back.
  holdOf(breaking) {
    return Number(breaking ? this.dataset.breakingHold : this.dataset.hold);
  }

  get target() {
    return this.#target;
  }

  // Change an update, as the server has it now; the form begins with the words of an earlier state if there is one.
  take(update, earlier = null) {
    this.#target = { id: update.id, revision: update.revision, status: update.status };
    this.values = this.#formed(update);
    // Read back: what the form makes of it untouched must not count as a change.
    this.#target.before = this.values;
    if (earlier) this.values = this.#formed({ ...update, headline: earlier.headline, body: earlier.body });
    this.#mode();
    this.#keep();
    this.#say('');
    this.#form.elements.headline.focus();
  }

  clear() {
    this.#waiting = null;
    this.#composition.clear();
    this.#target = null;
    this.#form.reset();
    this.values = {};
    this.#sign();
    this.#merge.hide();
    this.#offer('.cleared', null);
    this.#form.elements.headline.focus({ preventScroll: true });
  }

  say(sentence, problem = false) {
    this.#say(sentence, problem);
  }

  // What is kept

  async #open() {
    const kept = await this.#composition.open(() => !this.empty);
    if (kept) return this.#fill(kept, this.dataset.kept);
    const [left] = await this.#composition.elsewhere();
    return this.#offer('.elsewhere', left?.kept, () => this.#composition.forget(left.id));
  }

  #fill({ values, target }, sentence = '') {
    this.#target = target ?? null;
    this.values = values;
    this.#say(sentence);
    this.#showMerge();
  }

  #keep() {
    if (this.#blank) this.#composition.clear();
    else this.#composition.keep({ values: this.values, target: this.#target });
  }

  // What was typed and is not in the form, to go on with while that is free.
  #offer(place, kept, taken = () => {}) {
    const line = this.querySelector(place);
    line.hidden = !kept;
    if (!kept) return;
    line.querySelector('bdi').textContent = kept.values.headline || textOf(kept.values.body ?? '').slice(0, 80);
    line.querySelector('button').onclick = () => {
      if (!this.empty) return this.#say(this.dataset.busy, true);
      line.hidden = true;
      taken();
      this.#fill(kept, this.dataset.kept);
      this.#keep();
      return this.#form.elements.headline.focus({ preventScroll: true });
    };
  }

  #sign() {
    for (const name of SIGNATURE) this.#put(name, this.#signature[name]);
  }

  // Sending

  async #submit(status) {
    const [pictures, embeds] = [LISTS.media, LISTS.embeds].map(name => this.querySelector(name));
    if (this.#waiting) return;
    if (pictures.sending || embeds.sending) {
      this.#say(pictures.sending ? pictures.dataset.waiting : embeds.dataset.looking);
      const waiting = this.#waiting = {};
      await settled(this.#form, [pictures, embeds]);
      if (waiting !== this.#waiting) return; // it was cleared meanwhile
      this.#waiting = null;
    }
    if (pictures.refused) return this.#say(pictures.dataset.refused, true);
    this.querySelector('rich-text').settle();
    const { values } = this;
    if (this.empty && !this.#target) return this.#say(this.dataset.empty, true);
    const { refusal } = this.querySelector('rich-text');
    if (refusal) return this.#say(refusal, true);
    const kind = this.#goingOut(values, status);
    if (kind && !await agreed(values.headline.trim() || textOf(values.body), kind, values.publish_local)) return this.#form.elements.headline.focus();
    const entry = this.#target ? this.#changes(values, status) : this.#addition(values, status);
    if (!entry) return this.#say(this.dataset.nothing);
    const typed = { values, target: this.#target };
    const title = values.headline.trim() || textOf(values.body).slice(0, 80) || this.dataset.untitled;
    if (!this.#target) this.#signature = signatureOf(values);
    this.#outbox.put({ ...entry, title, typed }); // before the form is cleared: it must stand somewhere at any time
    this.#say('');
    return this.clear();
  }

  // As what it goes out as breaking, in the words of going-out.js; null when it does not, or only in silence.
  #goingOut({ breaking, change }, status) {
    const target = this.#target;
    if (!breaking) return null;
    if (target?.status === 'published') {
      if (!target.before.breaking) return 'now';
      return change === 'correction' ? 'correction' : null;
    }
    if (status === 'scheduled') return 'later';
    if (status !== 'published') return null;
    return this.holdOf(true) ? 'held' : 'now';
  }

  #addition(values, status) {
    const { api } = this.dataset;
    const { note, change, pin, ...fields } = values;
    const hold = status === 'published' ? this.holdOf(values.breaking) : 0;
    const requests = [newRequest('POST', api, { ...given(sendable(fields)), ...signatureOf(fields), format: 'html', status, ...(hold && { hold }) })];
    if (pin && status === 'published') requests.push({ ...newRequest('POST', `${api}/{id}/pin`, null, 'next'), patient: true });
    return { requests, hold, undo: newRequest('DELETE', `${api}/{id}`, null, 'next') };
  }

  #changes(values, status) {
    const { id, revision, before, status: stands } = this.#target;
    const path = `${this.dataset.api}/${id}`;
    const { note, change, pin, ...fields } = values;
    const changes = sendable(changed(fields, before));
    if ('body' in changes) changes.format = 'html';
    const requests = [];
    const hold = status === 'published' ? this.holdOf(values.breaking) : 0;
    if (stands === 'published' && change === 'correction') requests.push(newRequest('POST', `${path}/corrections`, { ...changes, note }, revision));
    else if (Object.keys(changes).length) requests.push(newRequest('PATCH', path, changes, revision));
    const follow = { published: 'publication', scheduled: 'publication', submitted: 'submission' }[status];
    const body = status === 'scheduled' ? { publish_local: values.publish_local } : hold ? { hold } : null;
    if (follow && status !== stands) requests.push(newRequest('POST', `${path}/${follow}`, body, requests.length ? 'next' : revision));
    return requests.length ? { requests, hold, undo: newRequest('DELETE', `${path}/publication`, null, 'next') } : null;
  }

  // What was refused or taken back comes into the form again when it is free, else it waits in the outbox.
  #takeReturned() {
    for (const entry of this.#outbox.returned()) {
      if (!entry.typed) {
        this.#outbox.drop(entry);
        this.#say(`${entry.title}: ${entry.sentence}`, entry.state === 'refused');
      } else if (this.empty) {
        this.#takeBack(entry, entry.sentence, entry.state === 'refused');
      }
    }
  }

  #takeBack(entry, sentence = '', problem = false) {
    if (!entry.typed || entry.slug !== this.dataset.slug) return;
    if (!this.empty) return this.#say(this.dataset.busy, true);
    this.#outbox.drop(entry);
    const { typed, status, current, state } = entry;
    if (typed.target && state === 'undone' && current) {
      this.take(current); // with the changes that were saved before it was to go out
      this.#say(sentence);
    } else if (typed.target && (status === 404 || current?.status === 'retracted')) {
      typed.target = null; // there is nothing left to change: the words are kept as those of a new update
      this.#fill(typed);
      this.#say(this.dataset.gone, true);
    } else {
      this.#fill(status === 412 ? this.#beside(typed, current) : typed);
      this.#say(sentence, problem);
    }
    this.#keep();
    if (this.#merge.hidden) this.#form.elements.headline.focus({ preventScroll: true });
    else this.#merge.focus();
  }

  // Somebody else was faster. The next attempt is made in sight of what they saved, and nothing is overwritten before
  // it was seen.
  #beside({ values: mine, target }, current) {
    this.values = this.#formed(current);
    const theirs = this.values; // read back, as in `take`
    const clash = { base: target.before, mine };
    return {
      values: merged(clash.base, mine, theirs).values,
      target: { id: target.id, revision: current.revision, status: current.status, before: theirs, clash },
    };
  }

  #showMerge() {
    const { id, before: theirs, clash } = this.#target ?? {};
    if (!clash) return this.#merge.hide();
    return this.#merge.show({
      ...clash, theirs,
      form: { get: name => this.values[name], set: (name, value) => this.#set(name, value) },
      compare: `/desk/${this.dataset.slug}/updates/${id}/comparison`,
    });
  }

  #set(name, value) {
    this.#put(name, value);
    this.#mode();
    this.#keep();
  }

  #mode() {
    const target = this.#target;
    const isPublic = target?.status === 'published';
    const correcting = isPublic && this.#form.elements.change?.value === 'correction';
    const waiting = Boolean(target) && !isPublic;
    // With a time in the form it can only be scheduled: a key too many must not publish it now.
    const later = !isPublic && Boolean(this.#form.elements.publish_local.value);
    const shown = {
      new: !target, change: isPublic, unpublished: waiting, open: !isPublic,
      later, 'new-now': !target && !later, 'unpublished-now': waiting && !later,
    };
    for (const [name, is] of Object.entries(shown)) {
      for (const element of this.#form.querySelectorAll(`[data-when="${name}"]`)) element.hidden = !is;
    }
    for (const radio of this.#form.querySelectorAll('[name="change"]')) radio.required = isPublic;
    this.#form.querySelector('.note-field').hidden = !correcting;
    this.#form.elements.note.required = correcting;
    if (this.#told !== target?.id) {
      this.#told = target?.id;
      this.dispatchEvent(new Event('composer-target', { bubbles: true }));
    }
    this.querySelector('h2').textContent = target ? this.dataset.change : this.dataset.new;
    for (const button of this.#form.querySelectorAll('.buttons button')) button.classList.remove('primary');
    this.#form.querySelector('.buttons button[type="submit"]:not([hidden])')?.classList.add('primary');
  }

  // Times of the form are read on the clocks of the coverage's place, never on this device's.
  #formed(update) {
    const { publish_at: at } = update;
    const local = at ? new Date(at).toLocaleString('sv-SE', { timeZone: this.dataset.zone }).replace(' ', 'T').slice(0, 16) : '';
    return { ...update, verification: update.verification ?? '', publish_local: local, change: '' };
  }

  #say(sentence, problem = false) {
    this.#outcome.textContent = sentence;
    this.#outcome.classList.toggle('problem', problem);
  }
});

function signatureOf(values) {
  return Object.fromEntries(SIGNATURE.map(name => [name, values[name]]));
}
