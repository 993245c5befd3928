// <desk-snippets>: the newsroom's texts, found by a few letters and put where the caret was. A combobox with a list, as
// the ARIA Authoring Practices have it: the focus stays in the field, the arrows move the choice.

const composer = document.querySelector('desk-composer');

customElements.define('desk-snippets', class extends HTMLElement {
  #dialog = this.querySelector('dialog');
  #search = this.querySelector('[role="combobox"]');
  #list = this.querySelector('[role="listbox"]');
  #all = [];
  #place = null; // the field that had the focus
  #span = [0, 0]; // what was selected in it

  connectedCallback() {
    document.querySelector('[data-opens="snippets"]').addEventListener('click', () => this.open());
    composer.addEventListener('focusin', ({ target }) => {
      this.#place = target;
    });
    document.addEventListener('keydown', event => {
      if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
      // By its place too: an Arabic keyboard has a letter there.
      if ((event.key !== ';' && event.code !== 'Semicolon') || document.querySelector('dialog[open]')) return;
      event.preventDefault();
      this.open();
    });
    this.#search.addEventListener('input', () => this.#show());
    this.#search.addEventListener('keydown', event => this.#press(event));
    this.#list.addEventListener('click', ({ target }) => {
      const option = target.closest('[role="option"]');
      if (option) this.#take(option);
    });
  }

  async open() {
    this.#span = [this.#place?.selectionStart, this.#place?.selectionEnd]; // a field may forget it while it is inert
    this.#search.value = '';
    this.#show();
    this.#dialog.showModal();
    const answer = await fetch('/api/v1/snippets', { headers: { Accept: 'application/json' } }).catch(() => null);
    const found = answer?.ok && await answer.json().catch(() => null);
    if (!found) return; // there are those of the last time
    this.#all = found.snippets;
    this.#show(this.#list.querySelector('[aria-selected="true"]')?.snippet.name); // it may have been chosen meanwhile
  }

  #show(chosen) {
    const words = this.#search.value.trim().toLocaleLowerCase();
    const found = this.#all.filter(({ name, text }) => `${name}\n${text}`.toLocaleLowerCase().includes(words));
    // Whose name begins with what was typed comes first.
    found.sort((one, other) => begins(other, words) - begins(one, words));
    this.#list.replaceChildren(...found.map((snippet, place) => {
      const option = document.importNode(this.querySelector('template').content, true).firstElementChild;
      Object.assign(option, { id: `snippet-${place}`, snippet });
      option.querySelector('strong').textContent = snippet.name;
      option.querySelector('span').textContent = snippet.text;
      return option;
    }));
    this.querySelector('.empty').hidden = found.length > 0;
    const options = [...this.#list.children];
    this.#choose(options.find(({ snippet }) => snippet.name === chosen) ?? options[0]);
  }

  #choose(option) {
    for (const each of this.#list.children) each.setAttribute('aria-selected', String(each === option));
    this.#search.setAttribute('aria-activedescendant', option?.id ?? '');
    option?.scrollIntoView({ block: 'nearest' });
  }

  #press(event) {
    const chosen = this.#list.querySelector('[aria-selected="true"]');
    const next = { ArrowDown: chosen?.nextElementSibling, ArrowUp: chosen?.previousElementSibling };
    if (event.key in next) {
      event.preventDefault();
      if (next[event.key]) this.#choose(next[event.key]);
    } else if (event.key === 'Enter') {
      event.preventDefault();
      if (chosen) this.#take(chosen);
    }
  }

  #take({ snippet }) {
    this.#dialog.close();
    const place = this.#place;
    if (place?.matches('input[dir="auto"], textarea:not(.source)')) {
      const words = place.matches('input') ? snippet.text.replace(/\s+/g, ' ') : snippet.text;
      place.focus();
      place.setRangeText(words, ...this.#span, 'end');
      place.dispatchEvent(new Event('input', { bubbles: true }));
    } else {
      const text = composer.querySelector('rich-text');
      text.focus();
      text.insertHTML(snippet.html);
    }
  }
});

function begins({ name }, words) {
  return Number(name.toLocaleLowerCase().startsWith(words));
}
