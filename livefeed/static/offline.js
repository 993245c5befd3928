// Has the service worker keep what this browser shows, and says of a page that was kept from when it is.
const worker = navigator.serviceWorker;
const { lang, dataset: { saved } } = document.documentElement;

if (worker) {
  // One that has just come never saw what the page was made of, nor what was on its way to it then.
  const tell = () => worker.controller?.postMessage(
    [location.href, ...performance.getEntriesByType('resource').map(({ name }) => name)]);
  worker.oncontrollerchange = () => (document.readyState === 'complete' ? tell() : addEventListener('load', tell));
  worker.register('/sw.js').catch(() => {}); // storage may be forbidden
}

if (saved) {
  const time = new Date(saved).toLocaleString(`${lang}-u-nu-latn`, { dateStyle: 'medium', timeStyle: 'short' });
  const line = document.createElement('p');
  line.id = 'saved';
  line.className = 'stale';
  line.textContent = document.querySelector('[data-saved]:not(html)').dataset.saved.replace('{time}', time);
  document.querySelector('main').prepend(line);
  // A live page catches up by its position, and takes the line away.
  if (!document.querySelector('live-coverage')) addEventListener('online', () => location.reload());
}
