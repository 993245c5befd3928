// A classic script in <head>: the text size a reader chose must stand before anything is drawn.
try {
  document.documentElement.dataset.textSize = localStorage.getItem('livefeed:text-size') || '100';
} catch { /* storage may be forbidden; the page is then simply of the usual size */ }
