// A stored body back as Markdown, for the composer's textarea. Bodies are sanitised HTML; what Markdown cannot say
// (tables, images) gives null, and the editor gets the HTML itself.

const INLINE = {
  A: (words, node) => `[${words}](${node.getAttribute('href') ?? ''})`,
  B: words => `**${words}**`,
  BDI: words => words,
  BR: () => '  \n',
  CODE: (words, node) => `\`${node.textContent}\``,
  EM: words => `*${words}*`,
  I: words => `*${words}*`,
  SPAN: words => words,
  STRONG: words => `**${words}**`,
};

export function markdownOf(html) {
  const root = new DOMParser().parseFromString(html, 'text/html').body;
  try {
    return blocks(root).trim();
  } catch (error) {
    if (error instanceof Beyond) return null;
    throw error;
  }
}

class Beyond extends Error {}

function blocks(parent) {
  return [...parent.childNodes].map(node => {
    switch (node.nodeName) {
      case '#text':
        return node.data.trim() ? `${escaped(node.data.trim())}\n\n` : '';
      case 'P':
        plain(node);
        return `${inline(node).trim().replace(/^(\s*\d*)([#>+.)-])/gm, '$1\\$2')}\n\n`;
      case 'H3': case 'H4': case 'H5': case 'H6': // an update's own headline is h3: `#` in a body begins there
        plain(node);
        return `${'#'.repeat(Number(node.nodeName[1]) - 2)} ${inline(node).trim()}\n\n`;
      case 'BLOCKQUOTE':
        return `${blocks(node).trim().replace(/^/gm, '> ')}\n\n`;
      case 'UL': case 'OL':
        return `${[...node.children].map((item, at) => listed(item, node.nodeName === 'OL' ? `${at + 1}. ` : '- ')).join('')}\n`;
      case 'HR':
        return '---\n\n';
      default:
        throw new Beyond();
    }
  }).join('');
}

function listed(item, mark) {
  const words = [...item.childNodes].some(node => ['P', 'UL', 'OL'].includes(node.nodeName)) ? blocks(item) : inline(item);
  return `${mark}${words.trim().replace(/\n/g, `\n${' '.repeat(mark.length)}`)}\n`;
}

function inline(parent) {
  return [...parent.childNodes].map(node => {
    if (node.nodeName === '#text') return escaped(node.data);
    const write = INLINE[node.nodeName];
    if (!write) throw new Beyond();
    return write(inline(node), node);
  }).join('');
}

// An attribute such as dir or start would be lost on the way.
function plain(node) {
  if (node.attributes.length) throw new Beyond();
}

function escaped(text) {
  return text.replace(/[\\*_[\]<`]/g, '\\$&');
}
