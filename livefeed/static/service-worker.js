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

addEventListener('install', () => skipWaiting());

addEventListener('activate', event => event.waitUntil((async () => {
  for (const name of await caches.keys()) if (!(name in MOST)) await caches.delete(name);
  await clients.claim();
})()));

addEventListener('fetch', event => {
  const { request } = event;
  const shelf = shelfOf(request.url);
  if (request.method !== 'GET' || !shelf || (request.mode === 'navigate') !== (shelf === PAGES)) return;
  event.respondWith(answer(event, request, shelf));
});

// The page that was there before its worker names itself and what it loaded.
addEventListener('message', event => event.waitUntil(Promise.allSettled(event.data.map(async address => {
  const shelf = shelfOf(address);
  if (shelf) await keep(shelf, address, await load(shelf, address));
}))));

function shelfOf(address) {
  const { origin, pathname, searchParams } = new URL(address);
  const ours = origin === location.origin && !searchParams.has('lite');
  return ours && (PAGE.test(pathname) ? PAGES : FILE.test(pathname) && FILES);
}

async function answer(event, request, shelf) {
  const kept = await copyOf(request, 1);
  if (kept && /\?v=|\.woff2$/.test(request.url)) return kept;
  const fresh = load(shelf, request);
  event.waitUntil(fresh.then(got => keep(shelf, request, got.clone())).catch(() => {}));
  return Promise.race([fresh, ...(kept ? [pause(PATIENCE).then(() => Promise.reject())] : [])]).catch(async error => {
    const copy = kept ?? await copyOf(request, 10);
    if (!copy) throw error;
    return shelf === PAGES ? marked(copy) : copy;
  });
}

// A browser that is busy may not find at first what it has just kept; some milliseconds later it does.
async function copyOf(request, looks) {
  const copy = await caches.match(request, { ignoreVary: true });
  if (copy || !--looks) return copy;
  await pause(99);
  return copyOf(request, looks);
}

function pause(time) {
  return new Promise(rested => setTimeout(rested, time));
}

// Pages may be some seconds old in a browser's own cache, which is for caches that many share.
function load(shelf, request) {
  return fetch(request, shelf === PAGES ? { cache: 'no-cache' } : {});
}

async function marked(kept) {
  const page = (await kept.text()).replace('<html', `<html data-saved="${kept.headers.get('Date')}"`);
  return new Response(page, { headers: kept.headers });
}

async function keep(shelf, request, got) {
  if (got.status !== 200 || got.redirected) return;
  const cache = await caches.open(shelf);
  await cache.put(request, got);
  for (const old of (await cache.keys()).slice(0, -MOST[shelf])) await cache.delete(old);
}
