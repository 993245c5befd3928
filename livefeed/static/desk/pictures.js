// <desk-pictures>: the pictures of an update. Pasted, dropped, chosen or taken with a phone's camera, each is sent to
// the server at once, while its words are being written. Its `value` is what the API takes as `media`; one that has not
// arrived yet stands there as `pending`, under the key of its upload, when it is kept for the next desk.

import { forget, keep, kept } from './kept-pictures.js';
import { named, refusalOf } from './request.js';

const WORDS = ['alt', 'caption', 'credit'];
const RETRY_AFTER = 3000;
const UNANSWERED = [401, 408, 425, 429];
const STEP = 5; // per cent that an arrow key moves the focal point

customElements.define('desk-pictures', class extends HTMLElement {
  #list = this.querySelector('ul');
  #input = this.querySelector('input[type="file"]');

  connectedCallback() {
    const form = this.closest('form');
    this.#input.addEventListener('change', () => {
      this.#take(this.#input.files);
      this.#input.value = '';
    });
    form.addEventListener('dragover', event => event.dataTransfer.types.includes('Files') && event.preventDefault());
    // Before Trix sees them: it would take the focus back, which goes to the picture's words.
    form.addEventListener('drop', event => this.#catch(event, event.dataTransfer), { capture: true });
    form.addEventListener('paste', event => isText(event.clipboardData) || this.#catch(event, event.clipboardData), { capture: true });
    this.addEventListener('click', event => this.#press(event));
    this.addEventListener('keydown', event => this.#nudge(event));
  }

  get value() {
    return [...this.#list.children].filter(({ dataset }) => dataset.id || dataset.pending).map(line => ({
      ...(line.dataset.id ? { id: line.dataset.id } : { pending: line.dataset.pending }),
      ...Object.fromEntries(WORDS.map(name => [name, line.querySelector(`[name="${name}"]`).value.trim()])),
      ...(line.dataset.focusX && { focus: { x: Number(line.dataset.focusX), y: Number(line.dataset.focusY) } }),
      ...(line.dataset.id && { url: line.querySelector('img').getAttribute('src') }),
    }));
  }

  set value(pictures) {
    const still = pictures.map(({ pending }) => pending);
    for (const { dataset: { pending } } of this.#list.children) if (pending && !still.includes(pending)) forget(pending);
    this.#list.replaceChildren(...pictures.map(picture => this.#line(picture)));
  }

  get sending() {
    return Boolean(this.querySelector('[data-sending]'));
  }

  get refused() {
    return Boolean(this.querySelector('li.problem'));
  }

  #catch(event, transfer) {
    const files = [...transfer?.files ?? []].filter(({ type }) => type.startsWith('image/'));
    if (!files.length) return;
    event.preventDefault();
    event.stopPropagation();
    this.#take(files);
  }

  #take(files) {
    for (const file of files) {
      const line = this.#line({});
      line.dataset.sending = '';
      this.#list.append(line);
      line.querySelector('[name="alt"]').focus();
      const key = crypto.randomUUID();
      this.#send(file, line, key);
      if (this.closest('desk-composer')) this.#keep(file, line, key); // which keeps the words that belong to it
    }
  }

  async #keep(file, line, key) {
    if (!await keep(key, file)) return;
    if (!line.isConnected || !('sending' in line.dataset)) return forget(key); // answered or removed meanwhile
    line.dataset.pending = key;
    return this.#changed();
  }

  // What another tab was sending when it ended.
  async #resume(line) {
    const { pending } = line.dataset;
    const file = await kept(pending);
    if (!line.isConnected) return;
    if (file) return this.#send(file, line, pending);
    return this.#refuse(line, this.dataset.elsewhere);
  }

  async #send(file, line, key) {
    const said = line.querySelector('.standing');
    said.textContent = this.dataset.sending;
    const body = new FormData();
    body.append('file', file);
    let answer;
    try {
      answer = await fetch('/api/v1/media', { method: 'POST', body, headers: named({ Accept: 'application/json', 'Idempotency-Key': key }) });
    } catch {
      answer = null;
    }
    if (!line.isConnected) return; // it was removed meanwhile
    if (!answer || answer.status >= 500 || UNANSWERED.includes(answer.status)) {
      said.textContent = this.dataset.retrying;
      setTimeout(() => line.isConnected && this.#send(file, line, key), RETRY_AFTER);
      return;
    }
    const document = await answer.json().catch(() => ({}));
    if (!answer.ok) return this.#refuse(line, refusalOf(answer.status, document));
    said.textContent = '';
    this.#show(line, document);
    return this.#settle(line);
  }

  #refuse(line, sentence) {
    line.classList.add('problem');
    line.querySelector('.standing').textContent = sentence;
    this.#settle(line);
  }

  // Its id is in the kept words before the file is forgotten: there is no moment without one of them.
  #settle(line) {
    const { pending } = line.dataset;
    delete line.dataset.sending;
    delete line.dataset.pending;
    this.#changed();
    if (pending) forget(pending);
  }

  #changed() {
    this.dispatchEvent(new Event('input', { bubbles: true }));
  }

  #line(picture) {
    const line = document.importNode(this.querySelector('template').content, true).firstElementChild;
    for (const name of WORDS) {
      const field = line.querySelector(`[name="${name}"]`);
      field.value = picture[name] ?? '';
    }
    if (picture.id) this.#show(line, picture);
    else if (picture.pending) {
      Object.assign(line.dataset, { pending: picture.pending, sending: '' });
      this.#resume(line);
    }
    return line;
  }

  #show(line, { id, url, focus }) {
    line.dataset.id = id;
    line.querySelector('img').src = new URL(url, location.href).pathname;
    line.querySelector('.focal').hidden = false;
    if (focus) this.#focus(line, focus.x, focus.y);
  }

  #press(event) {
    const line = event.target.closest('li');
    if (event.target.closest('[data-deed="remove"]')) {
      line.remove();
      if (line.dataset.pending) forget(line.dataset.pending);
    } else if (event.target.closest('[data-deed="focus"]')) {
      const { left, top, width, height } = event.target.getBoundingClientRect();
      if (event.detail === 0) this.#focus(line, 50, 50); // pressed by a key: the middle
      else this.#focus(line, Math.round((event.clientX - left) / width * 100), Math.round((event.clientY - top) / height * 100));
    } else return;
    this.#changed();
  }

  // Arrow keys move the point that must stay in view.
  #nudge(event) {
    const [x, y] = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] }[event.key] ?? [];
    if (x === undefined || !event.target.closest('.focal')) return;
    event.preventDefault(); // the page stays where it is
    const line = event.target.closest('li');
    const { focusX = 50, focusY = 50 } = line.dataset;
    this.#focus(line, within(Number(focusX) + x), within(Number(focusY) + y));
    this.#changed();
  }

  #focus(line, x, y) {
    Object.assign(line.dataset, { focusX: x, focusY: y });
    line.querySelector('.focal').style.setProperty('--x', `${x}%`);
    line.querySelector('.focal').style.setProperty('--y', `${y}%`);
  }
});

// Word processors put a picture of the words beside them.
function isText(clipboard) {
  return Boolean(clipboard?.getData('text/html') && clipboard.getData('text/plain').trim());
}

function within(percent) {
  return Math.min(100, Math.max(0, percent));
}
