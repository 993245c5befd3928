// <rich-text>: the text of an update, as the HTML that is stored.
//
// Trix writes it where Trix can hold all of it: an editor that drops what it does not know would lose a table or a
// language mark when somebody mends a comma. Such a body is shown as its HTML source instead.
//
// `value` is the HTML, '' when there is nothing. Fires `input` on every change, and `address` for an address that was
// pasted on an empty line.

import { asHTML, bytesOf, reduced } from './paste.js';

const HELD = new Set(['A', 'B', 'BLOCKQUOTE', 'BR', 'DIV', 'EM', 'H3', 'I', 'LI', 'OL', 'P', 'PRE', 'S', 'STRONG', 'UL']);
const FEW = 50_000; // characters
const COPIED_HERE = 'application/x-trix-document';

const { config } = window.Trix;
Object.assign(config.blockAttributes.default, { tagName: 'p', breakOnReturn: true });
config.blockAttributes.heading1.tagName = 'h3'; // an update's own headline is h3, headings in its text begin there
config.textAttributes.strike.tagName = 's';
await customElements.whenDefined('trix-editor'); // which Trix puts off: until then there is nothing to write in

customElements.define('rich-text', class extends HTMLElement {
  #loading = false;

  connectedCallback() {
    this.editor = this.querySelector('trix-editor');
    this.source = this.querySelector('textarea');
    this.editor.addEventListener('trix-change', () => this.#changed());
    this.editor.addEventListener('trix-file-accept', event => event.preventDefault()); // pictures stand beside the text
    this.editor.addEventListener('trix-attachment-add', event => event.attachment.remove());
    this.editor.addEventListener('paste', event => this.#paste(event), { capture: true });
  }

  get value() {
    if (!this.source.hidden) return this.source.value;
    const html = this.editor.value.replaceAll('<!--block-->', '');
    return this.editor.editor?.getDocument().toString().trim() ? html : '';
  }

  set value(html) {
    const beyond = !held(html);
    this.#loading = true;
    this.source.hidden = !beyond;
    this.editor.hidden = this.editor.toolbarElement.hidden = beyond;
    this.source.value = beyond ? html : '';
    if (this.editor.editor) this.editor.editor.loadHTML(beyond ? '' : html);
    else this.editor.addEventListener('trix-initialize', () => this.editor.editor.loadHTML(html), { once: true });
    this.#loading = false;
  }

  // Make `value` hold the very last keystroke. Trix draws a little later than one types; drawing at once, at any other
  // moment than before sending, would disturb keyboards that compose words.
  settle() {
    const { editorController } = this.editor;
    editorController.render();
    editorController.updateInputElement();
  }

  // Put plain words where the caret is.
  insert(words) {
    if (this.source.hidden) this.editor.editor.insertString(words);
    else this.source.setRangeText(words, this.source.selectionStart, this.source.selectionEnd, 'end');
  }

  // The same with HTML that the server has cleaned.
  insertHTML(html) {
    if (this.source.hidden) return this.editor.editor.insertHTML(html);
    this.insert(html);
    return this.source.dispatchEvent(new Event('input', { bubbles: true }));
  }

  // Why the text cannot be sent as it is; empty when it can.
  get refusal() {
    const size = bytesOf(this.value);
    return size > this.#limit ? this.#told(this.dataset.long, size) : '';
  }

  focus() {
    (this.source.hidden ? this.editor : this.source).focus();
  }

  #paste(event) {
    const url = addressOf(event.clipboardData);
    if (url && this.#isOnEmptyLine) {
      event.preventDefault();
      event.stopImmediatePropagation();
      const instead = () => this.insert(url); // where nothing can be made of it, it stays a link in the text
      this.dispatchEvent(new CustomEvent('address', { detail: { url, instead }, bubbles: true }));
      return;
    }
    const html = htmlOf(event.clipboardData);
    if (!html) return; // Trix puts in what it copied itself, and a few words
    event.preventDefault();
    event.stopImmediatePropagation();
    const { editor } = this.editor;
    const stays = bytesOf(this.value) - bytesOf(editor.getSelectedDocument().toString());
    const { html: taken, whole } = reduced(html, Math.max(0, this.#limit - stays));
    editor.recordUndoEntry('Paste');
    if (taken) editor.insertHTML(taken);
    if (!whole) this.dispatchEvent(new CustomEvent('refused', { detail: this.#told(this.dataset.cut, bytesOf(html)), bubbles: true }));
  }

  get #isOnEmptyLine() {
    const { editor } = this.editor;
    const [from, to] = editor.getSelectedRange();
    const around = `\n${editor.getDocument().toString()}`.slice(from, from + 2); // what stands before and after it
    return from === to && around === '\n\n';
  }

  #told(sentence, size) {
    const number = value => value.toLocaleString(document.documentElement.lang, { numberingSystem: 'latn' });
    return sentence.replace('{size}', number(size)).replace('{limit}', number(this.#limit));
  }

  get #limit() {
    return Number(this.dataset.limit);
  }

  #changed() {
    if (!this.#loading) this.dispatchEvent(new Event('input', { bubbles: true }));
  }
});

// What was copied elsewhere, if it has a form or is long; '' otherwise.
function htmlOf(clipboard) {
  if (!clipboard || clipboard.types.includes(COPIED_HERE)) return '';
  const words = clipboard.getData('text/plain');
  return clipboard.getData('text/html') || (words.length > FEW ? asHTML(words) : '');
}

// The address that was copied, if it is one and nothing else; '' otherwise.
function addressOf(clipboard) {
  const words = clipboard?.getData('text/plain').trim() ?? '';
  return /^https?:\/\/\S+$/i.test(words) && URL.canParse(words) ? words : '';
}

function held(html) {
  const root = new DOMParser().parseFromString(html, 'text/html').body;
  return [...root.querySelectorAll('*')].every(({ nodeName, attributes }) => {
    const kept = nodeName === 'A' ? ['href', 'rel'] : ['dir']; // a block's direction is found anew from its letters
    return HELD.has(nodeName) && [...attributes].every(({ name }) => kept.includes(name));
  });
}
