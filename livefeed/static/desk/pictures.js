// <desk-pictures>: the pictures of an update. Pasted, dropped, chosen or taken with a phone's camera, each is sent to
// the server at once, while its words are being written. Its `value` is what the API takes as `media`.

import { named, refusalOf } from './request.js';

const WORDS = ['alt', 'caption', 'credit'];
const RETRY_AFTER = 3000;
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
    return [...this.#list.children].filter(line => line.dataset.id).map(line => ({
      id: line.dataset.id,
      ...Object.fromEntries(WORDS.map(name => [name, line.querySelector(`[name="${name}"]`).value.trim()])),
      ...(line.dataset.focusX && { focus: { x: Number(line.dataset.focusX), y: Number(line.dataset.focusY) } }),
      url: line.querySelector('img').getAttribute('src'),
    }));
  }

  set value(pictures) {
    this.#list.replaceChildren(...pictures.map(picture => this.#line(picture)));
  }

  get sending() {
    return Boolean(this.querySelector('[data-sending]'));
  }

  get refused() {
    return Boolean(this.querySelector('li.problem'));
  }

  // Resolves when every picture was answered or removed.
  settled() {
    return new Promise(settle => {
      const look = () => {
        if (this.sending) return;
        this.removeEventListener('input', look);
        settle();
      };
      this.addEventListener('input', look);
      look();
    });
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
      this.#send(file, line, crypto.randomUUID());
    }
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
    if (!answer || answer.status >= 500 || answer.status === 401) {
      said.textContent = this.dataset.retrying;
      setTimeout(() => line.isConnected && this.#send(file, line, key), RETRY_AFTER);
      return;
    }
    const document = await answer.json().catch(() => ({}));
    delete line.dataset.sending;
    if (answer.ok) this.#show(line, document);
    else line.classList.add('problem');
    said.textContent = answer.ok ? '' : refusalOf(answer.status, document);
    this.dispatchEvent(new Event('input', { bubbles: true }));
  }

  #line(picture) {
    const line = document.importNode(this.querySelector('template').content, true).firstElementChild;
    for (const name of WORDS) {
      const field = line.querySelector(`[name="${name}"]`);
      field.value = picture[name] ?? '';
    }
    if (picture.id) this.#show(line, picture);
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
    } else if (event.target.closest('[data-deed="focus"]')) {
      const { left, top, width, height } = event.target.getBoundingClientRect();
      if (event.detail === 0) this.#focus(line, 50, 50); // pressed by a key: the middle
      else this.#focus(line, Math.round((event.clientX - left) / width * 100), Math.round((event.clientY - top) / height * 100));
    } else return;
    this.dispatchEvent(new Event('input', { bubbles: true }));
  }

  // Arrow keys move the point that must stay in view.
  #nudge(event) {
    const [x, y] = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] }[event.key] ?? [];
    if (x === undefined || !event.target.closest('.focal')) return;
    event.preventDefault(); // the page stays where it is
    const line = event.target.closest('li');
    const { focusX = 50, focusY = 50 } = line.dataset;
    this.#focus(line, within(Number(focusX) + x), within(Number(focusY) + y));
    this.dispatchEvent(new Event('input', { bubbles: true }));
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
