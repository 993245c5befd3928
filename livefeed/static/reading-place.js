// Changes of a page that leave what is being read where it is, under the eye and under the focus.

const GLIDE = 300; // milliseconds
const BLOCKS = 'h3, p, li, figure, blockquote, pre, tr';

const gliding = new Map(); // element → how far it has to go, and the picture it began in
let picture;

// Carries out `change`. With `hold` the first thing in view keeps its place, by scrolling: Safari anchors nothing by
// itself, and nobody inside an edited text. What else had to move glides there as a transform, which is no shift.
export function steady(root, change, hold = scrollY > 0) {
  const page = document.documentElement;
  const focused = document.activeElement;
  const homes = [];
  for (let home = focused; (home = home?.closest('[id]')); home = home.parentElement) homes.push(home);
  page.style.overflowAnchor = 'none'; // else the browser would move the page a second time
  const inWindow = selector => [...document.querySelectorAll(selector)].map(element => [element, box(element)])
    .filter(([, { top, bottom }]) => bottom > 0 && top < innerHeight);
  const seen = inWindow('article, .pages, .embed-code, footer');
  // Those that are folded up are not asked: a browser would lay out all of them to answer. A line that was scrolled snaps
  // by itself.
  const beside = inWindow('.key-events :is(aside > ol li, [open] li, summary)').filter(([{ parentElement }]) => !parentElement.scrollLeft);
  for (const element of gliding.keys()) element.style.transform = '';
  gliding.clear();
  const stream = root.querySelector('section');
  const { top } = box(stream);
  let block;
  const inView = element => (block = [...element.querySelectorAll(BLOCKS)].find(one => box(one).bottom > 0));
  const at = hold ? seen.findIndex(([element]) => inView(element)) : -1; // of one before it only the edge is in view
  const from = block && box(block).top;
  change();
  // The focus goes to what had it as that is now, or else to the nearest that is left of what stood around it.
  const home = !focused.offsetHeight && homes.find(one => standing(one)?.offsetHeight);
  if (home) focus(home.isConnected ? home : counterpart(focused, home, standing(home)) ?? standing(home));
  const first = seen[at]?.[0];
  const held = block && (counterpart(block, first, standing(first)) ?? standing(first));
  if (held) {
    scrollBy({ top: box(held).top - from, behavior: 'instant' });
    seen.splice(0, at + 1); // it grew out of the window
  }
  // All of the stream has moved, by a line that came above it: then it glides whole, and within it the articles.
  if (top >= 0) shift(stream, 0, top - box(stream).top);
  const places = [...beside, ...seen].map(([element, place]) => [standing(element), place]).filter(([element]) => element)
    .map(([element, { left, top }]) => [element, left - box(element).left, top - box(element).top]);
  for (const place of places) shift(...place);
  if (gliding.size) picture ??= requestAnimationFrame(glide);
  page.style.overflowAnchor = '';
}

function shift(element, x, y) {
  if (!x && !y) return;
  gliding.set(element, { x, y });
  stand(element, 1);
}

function stand(element, rest) {
  const way = gliding.get(element);
  way.rest = rest;
  element.style.transform = `translate(${way.x * rest}px, ${way.y * rest}px)`;
}

// Not an animation of the browser's: Chromium counts a second one of an element as a shift.
function glide(now) {
  const duration = matchMedia('(prefers-reduced-motion)').matches ? 1 : GLIDE;
  for (const [element, way] of gliding) {
    way.begun ??= now;
    if (way.rest) {
      stand(element, Math.max(0, 1 - (now - way.begun) / duration) ** 2);
    } else { // after a picture in which it stood there: a transform that goes with its last leap makes it a shift
      gliding.delete(element);
      element.style.transform = '';
    }
  }
  picture = gliding.size ? requestAnimationFrame(glide) : undefined;
}

export function focus(element) {
  if (element.tabIndex < 0) element.tabIndex = -1;
  element.focus({ preventScroll: true });
}

// What `element` of `article` is in `fresh`, the same update's later article: it has the same words, or else stands
// at the same place.
function counterpart(element, article, fresh) {
  if (fresh === article || !fresh) return element;
  if (element === article) return fresh;
  const alike = parent => [...parent.querySelectorAll(element.tagName)];
  const others = alike(fresh);
  return others.find(other => other.textContent === element.textContent) ?? others[alike(article).indexOf(element)];
}

function standing(element) {
  return element.isConnected ? element : document.getElementById(element.id);
}

function box(element) {
  return element.getBoundingClientRect();
}
