// <local-time>: on a time of the coverage's place, a hint of what the reader's own clock shows for it; and beside an
// update of the last day how long ago it was, by the server's clock, for that of a device may be hours off.

const DAY = 86400000;
const spoken = {}; // language → its formats, which are dear to make
let ahead; // milliseconds that the clock of the server is before ours

customElements.define('local-time', class extends HTMLElement {
  connectedCallback() {
    const time = this.querySelector('time');
    if (!time) return;
    const language = `${this.closest('[lang]')?.lang || 'en'}-u-nu-latn`;
    const { full, ago } = spoken[language] ??= {
      full: new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'long' }),
      ago: new Intl.RelativeTimeFormat(language, { numeric: 'auto' }),
    };
    time.title = full.format(new Date(time.dateTime));
    this.words = ago;
    this.tick();
  }

  tick() {
    if (ahead === undefined || !this.matches('.permalink > *')) return;
    const age = Math.max(0, Date.now() + ahead - Date.parse(this.querySelector('time').dateTime));
    const minutes = Math.floor(age / 60000);
    const ago = this.querySelector('.ago') ?? this.appendChild(Object.assign(document.createElement('span'), { className: 'ago' }));
    const words = minutes < 60 ? this.words.format(-minutes, minutes ? 'minute' : 'second') : this.words.format(-Math.floor(minutes / 60), 'hour');
    const said = age < DAY ? words : '';
    if (ago.textContent !== said) ago.textContent = said; // the same would be laid out anew, a hundred times
  }
});

const tick = () => document.hidden || document.querySelectorAll('.permalink > local-time').forEach(time => time.tick());

// The clock of a page that a cache kept for `Age` seconds has gone on for so long.
async function ask() {
  if (document.hidden || !document.querySelector('.permalink')) return;
  const { headers } = await fetch(location.pathname, { method: 'HEAD', cache: 'no-store' });
  const there = Date.parse(headers.get('Date')) + 1000 * headers.get('Age');
  if (there) ahead = there - Date.now();
  tick();
}

const dare = () => ask().catch(() => {}); // without an answer there are the times themselves
setInterval(tick, 20000);
addEventListener('online', dare);
document.addEventListener('visibilitychange', dare); // a clock may have been set meanwhile
dare();
