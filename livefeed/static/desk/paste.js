// What is pasted from a word processor: megabytes of markup round a few pages of text.
//
// Trix would take minutes to clean them; here they are reduced, in a document that runs and loads nothing, to the few
// elements that the editor knows, and cut where the limit is reached.

const INLINE = { B: 'strong', STRONG: 'strong', I: 'em', EM: 'em', A: 'a', BR: 'br' };
const BLOCKS = { P: 'p', DIV: 'p', TR: 'p', DT: 'p', DD: 'p', PRE: 'pre', LI: 'li', UL: 'ul', OL: 'ol', BLOCKQUOTE: 'blockquote',
  H1: 'h3', H2: 'h3', H3: 'h3', H4: 'h3', H5: 'h3', H6: 'h3' };
const NOTHING = new Set(['STYLE', 'SCRIPT', 'TEMPLATE', 'TITLE', 'HEAD', 'META', 'LINK', 'XML', 'SVG', 'IMG', 'OBJECT', 'IFRAME']);
const DIRECTION = ' dir="rtl"'.length; // written into each block by the editor
const encoder = new TextEncoder();

export function bytesOf(text) {
  return encoder.encode(text).length;
}

// Plain words, each line a paragraph.
export function asHTML(words) {
  const escaped = words.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return escaped.split('\n').map(line => `<p>${line}</p>`).join('');
}

// The beginning of `html` that fits into `room` bytes, cleaned, cut between blocks: { html, whole }.
export function reduced(html, room) {
  const inert = document.implementation.createHTMLDocument('');
  const plain = bared(html);
  const beginning = plain.slice(0, 3 * room); // more cannot fit, and making it a document would take seconds
  const source = new DOMParser().parseFromString(beginning, 'text/html').body;
  const blocks = inert.createElement('div');
  gather(source, blocks, null, inert);
  let taken = '';
  let left = room;
  for (const block of blocks.children) {
    if (!block.textContent.trim()) continue;
    const { outerHTML } = block;
    left -= bytesOf(outerHTML) + DIRECTION;
    if (left < 0) return { html: taken || blockCut(block, room, inert), whole: false };
    taken += outerHTML;
  }
  return { html: taken, whole: beginning === plain };
}

// Without style sheets, and without what tags say beside their name, but for addresses: most of what Word hands over.
function bared(html) {
  return html.replace(/<(style|script|xml|head)\b[^]*?<\/\1>|<!--[^]*?-->/gi, '')
    .replace(/<([a-z][\w:]*)[^>]*>/gi, (tag, name) => (name.toLowerCase() === 'a' ? tag : `<${name}>`));
}

// A single block that is longer than everything may be: its words without their form, up to the limit.
function blockCut(block, room, inert) {
  const words = block.textContent;
  let end = Math.min(words.length, room);
  const made = inert.createElement('p');
  do {
    made.textContent = words.slice(0, end);
    end = Math.floor(end * 0.8);
  } while (bytesOf(made.outerHTML) > room && end);
  return made.outerHTML;
}

// `into` takes blocks; `block` is the one that takes words, null where none is open. Returns the open one.
function gather(source, into, block, inert) {
  for (const node of source.childNodes) {
    const { nodeType, nodeName } = node;
    if (nodeType === Node.TEXT_NODE) {
      const words = node.data.replace(/\s+/g, ' ');
      if (!block && !words.trim()) continue;
      block ??= into.appendChild(inert.createElement('p'));
      block.append(words);
    } else if (nodeType !== Node.ELEMENT_NODE || NOTHING.has(nodeName)) {
      continue;
    } else if (BLOCKS[nodeName]) {
      const name = BLOCKS[nodeName];
      const isList = name === 'ul' || name === 'ol';
      if (!isList && block?.matches('li, blockquote')) { // a paragraph in what is one already
        if (block.hasChildNodes()) block.append(inert.createElement('br'));
        gather(node, into, block, inert);
        continue;
      }
      const made = into.appendChild(inert.createElement(name));
      gather(node, isList ? made : into, isList ? null : made, inert);
      if (!made.textContent.trim()) made.remove(); // a box of boxes
      block = null;
    } else if (INLINE[nodeName]) {
      block ??= into.appendChild(inert.createElement('p'));
      const made = block.appendChild(inert.createElement(INLINE[nodeName]));
      if (nodeName === 'A' && /^https?:/.test(node.getAttribute('href') ?? '')) made.setAttribute('href', node.getAttribute('href'));
      gather(node, into, made, inert);
    } else {
      block = gather(node, into, block, inert);
      if (nodeName === 'TD' || nodeName === 'TH') block?.append(' ');
    }
  }
  return block;
}
