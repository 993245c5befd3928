// A classic script in <head>: the text size and colours a reader chose must stand before anything is drawn.
try {
  const chosen = document.documentElement.dataset;
  chosen.textSize = localStorage.getItem('livefeed:text-size') || '100';
  chosen.scheme = localStorage.getItem('livefeed:scheme') || '';
} catch { /* storage may be forbidden; the page is then simply as usual */ }
