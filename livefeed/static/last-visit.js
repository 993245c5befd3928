// The line between what came since this browser last showed the coverage, and what it showed then. What was seen is kept
// in this browser alone.

import { remember, remembered } from './remembered.js';

// line      the element, which is put among the articles
// articles  gives those that are shown, oldest first
// put       puts an element at the place of its order
export function lastVisit(line, articles, put) {
  const key = `seen:${line.dataset.slug}`;
  const [order, id] = remembered(key)?.split(' ') ?? [];
  if (id && order < Number(articles().at(-1)?.dataset.order)) {
    line.dataset.order = Number(order) + 0.5;
    line.firstElementChild.href += id;
    line.hidden = false;
    put(line);
  }
  const keep = () => {
    const { id, order } = articles().at(-1)?.dataset ?? {};
    if (id) remember(key, `${order} ${id}`);
  };
  document.addEventListener('visibilitychange', keep);
  addEventListener('pagehide', keep);
}
