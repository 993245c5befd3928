// The last seen pages, for when there is no network. It is served as /sw.js, with VERSION before it, which changes
// with any static file: what was kept beside other files goes.
//
// A page comes from the network whenever that answers in time; only else the copy, marked with its date. Of files
// only those whose address never means another content come from here first.

const PAGES = `livefeed-pages-${VERSION}`;
const FILES = `livefeed-files-${VERSION}`;
const MOST = { [PAGES]: 10, [FILES]: 60 };
const PATIENCE = 6000; // milliseconds
const PAGE = /^\/(live\/[^/]+(\/updates\/[^/]+)?(\/corrections)?)?$/;
const FILE = /^\/static\/(?!desk|trix|api)/;
// Browsers may have pages of some seconds ago themselves, as caches do that many share.
const ASKED = { cache: 'no-cache' };

addEventListener('install', () => skipWaiting());

addEventListener('activate', event => event.waitUntil((async () => {
  await clients.claim();
  for (const name of await caches.keys()) name in MOST || await caches.delete(name);
})()));

addEventListener('fetch', event => {
  const { request } = event;
  const shelf = shelfOf(request.url);
  if (shelf && (request.mode === 'navigate') === (shelf === PAGES)) event.respondWith(answer(event, request, shelf));
});

// The page that was there before its worker names itself and what it loaded.
addEventListener('message', event => event.waitUntil(Promise.allSettled(event.data.map(address => {
  const shelf = shelfOf(address);
  return shelf && keep(shelf, address, fetch(address, ASKED));
}))));

function shelfOf(address) {
  const { origin, pathname, searchParams } = new URL(address);
  if (origin === location.origin && !searchParams.has('lite')) return PAGE.test(pathname) ? PAGES : FILE.test(pathname) && FILES;
}

async function answer(event, request, shelf) {
  const find = () => caches.match(request, { ignoreVary: true });
  let kept = await find();
  if (kept && /\?v=|\.woff2$/.test(request.url)) return kept;
  const fresh = fetch(request, ASKED);
  event.waitUntil(keep(shelf, request, fresh).catch(() => {}));
  try {
    return await Promise.race([fresh, new Promise((_, late) => kept && setTimeout(late, PATIENCE))]);
  } catch (error) {
    // A busy browser may not find at first what it has just kept; some milliseconds later it does.
    for (let looks = 9; looks-- && !kept;) {
      await new Promise(late => setTimeout(late, 99));
      kept = await find();
    }
    if (!kept) throw error;
    if (shelf === FILES) return kept;
    return new Response((await kept.text()).replace('<html', `<html data-saved="${kept.headers.get('Date')}"`), kept);
  }
}

async function keep(shelf, request, fresh) {
  const got = (await fresh).clone();
  if (got.status !== 200 || got.redirected) return;
  const cache = await caches.open(shelf);
  await cache.put(request, got);
  for (const old of (await cache.keys()).slice(0, -MOST[shelf])) await cache.delete(old);
}
