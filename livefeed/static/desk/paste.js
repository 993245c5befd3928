// What is pasted from a word processor or a page: perhaps megabytes of markup round a few words of text.
//
// Trix would take minutes to clean them, and judge by styles that the page's policy forbids; here they are reduced, in
// a document that runs and loads nothing, to the few elements that the editor knows, and cut where the limit is
// reached.

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

// Without style sheets, and without what tags say beside their name, but for addresses and what looks bold or italic:
// most of what Word hands over.
function bared(html) {
  return html.replace(/<(style|script|xml|head)\b[^]*?<\/\1>|<!--[^]*?-->/gi, '')
    .replace(/<([a-z][\w:]*)([^>]*)>/gi, (tag, name, said) => {
      if (name.toLowerCase() === 'a') return tag;
      const [, weight] = said.match(/(?<![\w-])font-weight:\s*(\w+)/i) ?? [];
      const [, slant] = said.match(/(?<![\w-])font-style:\s*(\w+)/i) ?? [];
      return `<${name}${weight ? ` weight="${weight}"` : ''}${slant ? ` slant="${slant}"` : ''}>`;
    });
}

// What an element makes of the words in it: the name of the editor's element for that, if it makes anything.
function inlineOf(element) {
  const weight = element.getAttribute('weight');
  const slant = element.getAttribute('slant');
  if (weight === 'bold' || weight >= 600) return 'strong';
  if (slant === 'italic') return 'em';
  const name = INLINE[element.nodeName];
  return (name === 'strong' && weight) || (name === 'em' && slant) ? undefined : name; // a <b> that is not bold
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
      const told = node.data.replace(/\s+/g, ' ');
      const words = block?.hasChildNodes() ? told : told.trimStart();
      if (!words) continue;
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
    } else if (inlineOf(node)) {
      block ??= into.appendChild(inert.createElement('p'));
      const made = block.appendChild(inert.createElement(inlineOf(node)));
      if (nodeName === 'A' && /^https?:/.test(node.getAttribute('href') ?? '')) made.setAttribute('href', node.getAttribute('href'));
      gather(node, into, made, inert);
    } else {
      block = gather(node, into, block, inert);
      if (nodeName === 'TD' || nodeName === 'TH') block?.append(' ');
    }
  }
  return block;
}
