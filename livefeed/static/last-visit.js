// The line between what came since this browser last showed the coverage, and what it showed then. What was seen is kept
// in this browser alone.

// line      the element, which is put among the articles
// articles  gives those that are shown, oldest first
// put       puts an element at the place of its order
export function lastVisit(line, articles, put) {
  const key = `livefeed:seen:${line.dataset.slug}`;
  const seen = remembered(key);
  const newest = articles().at(-1);
  if (seen && newest && seen.order < newest.dataset.order) {
    line.dataset.order = seen.order + 0.5;
    line.firstElementChild.href += seen.id;
    line.hidden = false;
    put(line);
  }
  const keep = () => {
    const { id, order } = articles().at(-1)?.dataset ?? {};
    try {
      if (id) localStorage.setItem(key, `${order} ${id}`);
    } catch { /* the next visit is a first one */ }
  };
  document.addEventListener('visibilitychange', () => document.hidden && keep());
  addEventListener('pagehide', keep);
}

function remembered(key) {
  try {
    const [order, id] = localStorage.getItem(key).split(' ');
    return { order: Number(order), id };
  } catch {
    return undefined;
  }
}
