// Served as /sw.js where nothing is to be kept: it takes the place of the one that keeps, empties it, and goes.
addEventListener('install', () => skipWaiting());

addEventListener('activate', event => event.waitUntil((async () => {
  for (const name of await caches.keys()) {
    await caches.delete(name);
  }
  await registration.unregister();
})()));
