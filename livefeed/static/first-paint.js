// A classic script in <head>: what a reader chose must stand before anything is drawn.
try {
  const chosen = document.documentElement.dataset;
  chosen.textSize = localStorage.getItem('livefeed:text-size') || '100';
  chosen.scheme = localStorage.getItem('livefeed:scheme') || '';
  // The order is another page of the server's, so that all readers of one order share one copy in caches.
  if (/^\/live\/[^/]+$/.test(location.pathname) && !location.search && localStorage.getItem('livefeed:order') === 'oldest') {
    location.replace(`?order=oldest${location.hash}`);
  }
} catch { /* storage may be forbidden; the page is then simply as usual */ }
