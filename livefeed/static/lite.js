// The script of the text-only page: asks for changes with held requests and puts them in as text. New updates wait
// behind a counted button unless the reader is at the top; a page that nobody looks at asks for nothing.
const page = document.getElementById('lite');
const button = page.querySelector('button');
const waiting = new Map(); // id → article
const AT_TOP = 80; // pixels scrolled
const LONGEST_REST = 60000;
let position = page.dataset.position;
let failures = 0;

button.addEventListener('click', () => {
  const newest = reveal(true);
  if (newest) focus(newest); // the button that had it is gone
});

for (;;) {
  if (document.hidden) await new Promise(seen => document.addEventListener('visibilitychange', seen, { once: true }));
  try {
    if (await ask()) continue;
  } catch {
    failures += 1;
  }
  page.querySelector('.lost').hidden = failures < 2;
  const most = Math.min(LONGEST_REST, 2000 * 2 ** failures);
  await new Promise(rested => { setTimeout(rested, Math.random() * most); });
}

// One request; true when there is more to ask for at once.
async function ask() {
  const address = `${page.dataset.channel}/changes?view=html&wait=25&after=${position}`;
  const answer = await fetch(address, { signal: AbortSignal.timeout(40000) });
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  const { position: top, events, more, reload } = await answer.json();
  if (reload) {
    await renew();
    throw new Error('reload'); // should the new page know no better, it is asked for ever more seldom
  }
  failures = 0;
  events.forEach(apply);
  position = top;
  reveal(!document.hidden && scrollY <= AT_TOP);
  return more;
}

// An update as it is now, or the coverage's header, in the place of what was shown; a new update waits.
function apply({ id, html }) {
  const element = asText(html);
  const shown = document.getElementById(id ? `u-${id}` : 'coverage-header');
  if (shown) {
    const focused = shown.contains(document.activeElement);
    shown.replaceWith(element);
    if (focused) focus(element);
  } else if (Number(element.dataset.order) > oldest()) {
    waiting.set(id, element);
  }
  const entry = id && document.getElementById(`k-${id}`);
  if (entry && !('keyEvent' in element.dataset && element.dataset.status === 'published')) drop(entry);
  else entry?.querySelector('span').replaceChildren(...element.querySelector('h3').cloneNode(true).childNodes);
}

// The focus goes to what is left.
function drop(entry) {
  const events = entry.closest('.key-events');
  const focused = events === document.activeElement || entry.contains(document.activeElement);
  entry.remove();
  events.hidden = !events.querySelector('li');
  if (focused) focus(events.hidden ? list() : events);
}

// Counts what waits, or puts it in; gives the newest article that was put in.
function reveal(now) {
  const articles = [...waiting.values()].sort((one, other) => one.dataset.order - other.dataset.order);
  const words = articles.length ? counted(articles.length) : '';
  if (articles.length) page.querySelector('[role="status"]').textContent = words;
  button.textContent = words;
  button.hidden = now || !words;
  if (!now) return undefined;
  for (const article of articles) {
    const next = [...list().children].find(other => other.dataset.order - article.dataset.order < 0);
    list().insertBefore(article, next ?? null);
  }
  waiting.clear();
  if (articles.length) page.querySelector('.empty')?.remove();
  return articles.at(-1);
}

// The cursor is worthless: take the page as the server renders it now.
async function renew() {
  const answer = await fetch(location.href, { cache: 'no-store' });
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html').getElementById('lite');
  for (const part of fresh.querySelectorAll('[data-part]')) {
    page.querySelector(`[data-part="${part.dataset.part}"]`)?.replaceWith(part);
  }
  waiting.clear();
  position = fresh.dataset.position;
}

// A fragment without what costs bytes. It stands in a template, where no picture is loaded.
function asText(html) {
  const template = document.createElement('template');
  template.innerHTML = html;
  const element = template.content.firstElementChild;
  for (const figure of element.querySelectorAll('figure')) {
    const alt = figure.querySelector('img')?.alt ?? '';
    const caption = figure.querySelector('figcaption') ?? document.createElement('figcaption');
    caption.prepend(`[${page.dataset.picture}] ${caption.textContent ? '' : alt}`);
    figure.replaceChildren(caption);
  }
  for (const other of element.querySelectorAll('img, picture, video, audio, iframe, object, copy-text')) other.remove();
  for (const link of element.querySelectorAll('.permalink, .changes, .to-corrections a')) link.search = '?lite=1';
  return element;
}

function counted(count) {
  const [which, ...forms] = JSON.parse(page.dataset.forms);
  return forms[which[count < 200 ? count : 100 + count % 100]].replace('{n}', count);
}

function focus(element) {
  element.tabIndex = -1;
  element.focus();
}

function oldest() {
  return Number(list().querySelector('article:last-of-type')?.dataset.order ?? 0);
}

function list() {
  return page.querySelector('.updates');
}
