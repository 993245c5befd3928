// A widget in another site's frame: <live-coverage> does the work; here is what is different from the live page.
//
// It shows the newest few of a channel, perhaps only what is breaking, or one update, and tells the page around it how
// high it is.

const live = document.querySelector('live-coverage');
const { slug, limit, only } = live.dataset;
const REFRESH_WITHIN = 2000; // all widgets come to it at the same moment

let list;
let newest;

// Whether an update is one of those that are shown here.
const belongs = ({ dataset }) => !only || (only === 'breaking' ? 'breaking' in dataset : dataset.id === only);

keep();

live.addEventListener('frame', event => {
  const { kind, element, known } = event.detail;
  if (kind === 'coverage') {
    if (!slug) event.preventDefault();
  } else if (!known && !belongs(element)) {
    event.preventDefault();
  } else if (!known && only && kind !== 'published') {
    // It became breaking, or it is an old one that stands below what is shown here: the server knows.
    event.preventDefault();
    setTimeout(() => live.connection.begin(), Math.random() * REFRESH_WITHIN);
  } else if (!slug) {
    element.dataset.order = known ? known.dataset.order : newest += 1;
  }
});

new MutationObserver(keep).observe(live, { childList: true, subtree: true });

// To whoever frames us, for a height is no secret; nothing else is ever said, and nothing is listened to.
if (parent !== window) {
  new ResizeObserver(() => {
    parent.postMessage({ type: 'livefeed:height', height: document.documentElement.offsetHeight }, '*');
  }).observe(document.documentElement);
}

function keep() {
  if (!list?.isConnected) number();
  for (const [place, article] of [...list.children].entries()) {
    if (place >= limit || !belongs(article)) article.remove();
  }
}

// Coverages count their own offsets. On the widget of the site the order is that of the list, and then of arrival.
function number() {
  list = live.querySelector('[data-part="updates"]');
  newest = 0;
  if (!slug) for (const article of [...list.children].reverse()) article.dataset.order = newest += 1;
}
