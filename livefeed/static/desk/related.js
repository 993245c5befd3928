// <desk-related>: links to related stories (read also), found among this site's own or written by hand. Its `value`
// is what the API takes as `related`.

const MOST_FOUND = 8;

customElements.define('desk-related', class extends HTMLElement {
  #list = this.querySelector('ul');
  #search = this.querySelector('[type="search"]');
  #stories = null;

  connectedCallback() {
    this.#search.addEventListener('focus', () => this.#load());
    this.#search.addEventListener('input', event => {
      event.stopPropagation(); // looking for a story is no change of the update
      this.#find();
    });
    this.#search.addEventListener('keydown', event => {
      if (event.key !== 'Enter' || event.ctrlKey || event.metaKey) return;
      event.preventDefault(); // nor is it a reason to post
      this.querySelector('.found button')?.click();
    });
    this.addEventListener('click', event => this.#press(event.target.closest('button')));
  }

  get value() {
    return [...this.#list.children].map(line => Object.fromEntries(
      ['title', 'url', 'label'].map(name => [name, line.querySelector(`[name="${name}"]`).value.trim()]),
    )).filter(({ title, url }) => title && url);
  }

  set value(links) {
    this.#list.replaceChildren(...links.map(link => this.#line(link)));
  }

  async #load() {
    this.#stories ??= Promise.all([
      asked('/api/v1/coverages', 'coverages'),
      asked(`/api/v1/coverages/${this.dataset.slug}/updates?limit=200`, 'updates'),
    ]).then(found => {
      if (found.includes(null)) this.#stories = null; // the next look asks again
      return found.flat().filter(story => story?.headline);
    });
    return this.#stories;
  }

  async #find() {
    const all = await this.#load();
    const words = this.#search.value.trim().toLowerCase();
    const stories = words ? all.filter(({ headline }) => headline.toLowerCase().includes(words)) : [];
    const found = stories.slice(0, MOST_FOUND).map(({ headline: title, url }) => ({ title, url }));
    if (/^https?:\/\//.test(words)) found.push({ title: '', url: this.#search.value.trim() });
    this.querySelector('.found').replaceChildren(...found.map(link => {
      const button = document.createElement('button');
      const name = document.createElement('bdi');
      name.textContent = link.title || link.url;
      Object.assign(button, { type: 'button', link });
      button.append(name);
      return button;
    }));
  }

  #press(button) {
    if (!button) return;
    if (button.link) {
      this.#list.append(this.#line(button.link));
      this.#search.value = '';
      this.querySelector('.found').replaceChildren();
      if (!button.link.title) this.#list.lastElementChild.querySelector('[name="title"]').focus();
    } else if (button.dataset.deed === 'remove') {
      button.closest('li').remove();
    } else return;
    this.dispatchEvent(new Event('input', { bubbles: true }));
  }

  #line(link) {
    const line = document.importNode(this.querySelector('template').content, true).firstElementChild;
    for (const name of ['title', 'url', 'label']) line.querySelector(`[name="${name}"]`).value = link[name] ?? '';
    return line;
  }
});

async function asked(address, name) {
  const answer = await fetch(address, { headers: { Accept: 'application/json' } }).catch(() => null);
  return answer?.ok ? answer.json().then(found => found[name], () => null) : null;
}
