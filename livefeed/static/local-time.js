// <local-time>: on a time of the coverage's place, a hint of what the reader's own clock shows for it; and beside an
// update of the last day how long ago it was, by the server's clock, for that of a device may be hours off.

import { counted } from './counted.js';

const ages = JSON.parse(document.body.dataset.ages ?? '{}');
let ahead; // milliseconds that the clock of the server is before ours

const languageOf = element => element.closest('[lang]').lang;

// Made for who points at the time: a page has a hundred, and a weak phone would be at it for a while.
addEventListener('mouseover', ({ target }) => {
  const time = target.closest('local-time time');
  if (time) time.title ||= new Date(time.dateTime).toLocaleString(`${languageOf(time)}-u-nu-latn`, { dateStyle: 'medium', timeStyle: 'long' });
});

customElements.define('local-time', class extends HTMLElement {
  connectedCallback() {
    this.tick();
  }

  tick() {
    const ago = this.querySelector('.ago');
    const words = ages[languageOf(this).split('-')[0]] ?? Object.values(ages)[0];
    if (!ago || !words || ahead === undefined) return;
    const age = Math.max(0, Date.now() + ahead - Date.parse(ago.previousSibling.dateTime));
    const minutes = Math.floor(age / 60000);
    const hours = Math.floor(minutes / 60);
    const said = (hours ? counted(words[1], hours) : counted(words[0], minutes)) ?? '';
    if (ago.textContent !== said) ago.textContent = said; // the same would be laid out anew, a hundred times
  }
});

const tick = () => document.hidden || document.querySelectorAll('local-time').forEach(time => time.tick());

// The clock of a page that a cache kept for `Age` seconds has gone on for so long.
async function ask() {
  if (document.hidden || !document.querySelector('.ago')) return;
  // Without an answer there are the times themselves.
  const { headers } = await fetch(location.pathname, { method: 'HEAD', cache: 'no-store' }).catch(() => new Response());
  const there = Date.parse(headers.get('Date')) + 1000 * headers.get('Age');
  if (there) ahead = there - Date.now();
  tick();
}

setInterval(tick, 20000);
addEventListener('online', ask);
document.addEventListener('visibilitychange', ask); // a clock may have been set meanwhile
ask();
