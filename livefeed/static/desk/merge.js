// <desk-merge>: what somebody else saved while it was being changed here, beside what was written here.
//
// What only one of the two changed is taken from whoever changed it. Where both did, the form holds one's own words,
// the difference is shown, and a press takes the other's; whichever is put away is kept with all that was done to it
// and comes back by another press. The form itself is where the two are merged by hand.

const OWN = new Set(['note', 'change', 'pin']); // of the deed, not of the update

// Three-way: { values, clashes }, `values` being one's own where both have changed the same field.
export function merged(base, mine, theirs) {
  const values = { ...mine };
  const clashes = [];
  const taken = [];
  for (const name of Object.keys(mine).filter(field => !OWN.has(field) && field in theirs)) {
    if (same(mine[name], theirs[name])) continue;
    if (same(mine[name], base[name])) {
      values[name] = theirs[name];
      taken.push(name);
    } else if (!same(theirs[name], base[name])) clashes.push(name);
  }
  return { values, clashes, taken };
}

customElements.define('desk-merge', class extends HTMLElement {
  #names = JSON.parse(this.dataset.names);
  #rows = this.querySelector('.clashes');
  #shown = {}; // a mark of what is shown

  // base, mine, theirs  the fields as they were, as they are here, and as they were saved by somebody else
  // form                reads and writes one field of the form: { get(name), set(name, value) }
  // compare             the address that says what one's own words would change
  show({ base, mine, theirs, form, compare }) {
    const order = Object.keys(this.#names);
    const { clashes, taken } = merged(base, mine, theirs);
    clashes.sort((one, other) => order.indexOf(one) - order.indexOf(other));
    this.hidden = false;
    this.#rows.replaceChildren(...clashes.map(name => this.#row(name, mine, theirs, form)));
    const line = this.querySelector('.taken');
    line.hidden = !taken.length;
    line.querySelector('bdi').textContent = new Intl.ListFormat(document.documentElement.lang).format(taken.map(name => this.#names[name]));
    this.querySelector('.choose-hint').hidden = !clashes.length;
    this.querySelector('.saved').replaceChildren();
    this.#compare(compare, mine, this.#shown = {});
  }

  hide() {
    this.hidden = true;
    this.#shown = {};
    this.#rows.replaceChildren();
  }

  #row(name, mine, theirs, form) {
    const row = document.importNode(this.querySelector('template').content, true).firstElementChild;
    row.dataset.field = name;
    row.querySelector('legend').textContent = this.#names[name];
    const kept = { mine: mine[name], theirs: theirs[name] };
    let chosen = same(form.get(name), theirs[name]) ? 'theirs' : 'mine';
    for (const radio of row.querySelectorAll('input')) {
      radio.name = `merge-${name}`;
      radio.checked = radio.value === chosen;
      radio.addEventListener('change', () => {
        kept[chosen] = form.get(name);
        chosen = radio.value;
        form.set(name, kept[chosen]);
      });
    }
    const whole = row.querySelector('details');
    if (name === 'body') whole.querySelector('div').innerHTML = theirs.body; // sanitised when it was stored
    else for (const [whose, value] of Object.entries(kept)) row.querySelector(`.${whose}`).textContent = this.#told(name, value);
    whole.hidden = name !== 'body';
    return row;
  }

  // A difference is a help: without an answer both texts stand there all the same.
  async #compare(address, { headline, body }, shown) {
    const answer = await fetch(address, {
      method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ headline, body, format: 'html' }),
    }).catch(() => null);
    const text = answer?.ok && await answer.text().catch(() => '');
    if (!text || shown !== this.#shown) return; // another clash stands here by now
    const part = new DOMParser().parseFromString(text, 'text/html');
    this.querySelector('.saved').replaceChildren(...part.querySelector('.saved').childNodes);
    for (const row of this.#rows.children) {
      const difference = part.querySelector(`[data-difference="${row.dataset.field}"]`);
      if (difference) row.querySelector('legend').after(difference);
    }
  }

  // A field's value in a few words.
  #told(name, value) {
    if (typeof value === 'boolean') return value ? this.dataset.yes : this.dataset.no;
    if (Array.isArray(value)) return value.map(part => part.title || part.caption || part.alt || part.url || part).join(' · ');
    return this.closest('form').querySelector(`select[name="${name}"] option[value="${CSS.escape(value)}"]`)?.textContent ?? value;
  }
});

function same(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}
