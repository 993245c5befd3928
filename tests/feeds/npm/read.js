// Reads feeds from standard input, one JSON line each ({ form, document }), and answers what each parser found in
// it, one JSON line each: a list of { parser, title, entries }.

import { createInterface } from 'node:readline';
import { extractFromJson, extractFromXml } from '@extractus/feed-extractor';
import Parser from 'rss-parser';

const rssParser = new Parser();

// What it shows by itself is shortened; `getExtraEntryFields` is its way to the rest.
const whole = {
  descriptionMaxLen: 0,
  getExtraEntryFields: entry => ({
    content: entry['content:encoded'] ?? entry.content ?? entry.content_html,
    published: new Date(entry.pubDate ?? entry.published ?? entry.date_published).toISOString(),
  }),
};

async function byRssParser(document) {
  const feed = await rssParser.parseString(document);
  const entries = feed.items.map(item => ({
    id: item.guid ?? item.id,
    title: item.title,
    link: item.link,
    content: item['content:encoded'] ?? item.content,
  }));
  return { parser: 'rss-parser', title: feed.title, entries };
}

function byFeedExtractor(form, document) {
  const feed = form === 'json' ? extractFromJson(JSON.parse(document), whole) : extractFromXml(document, whole);
  const entries = feed.entries.map(({ id, title, link, published, content }) => (
    { id, title, link, published, content: content?.['#text'] ?? content }
  ));
  return { parser: 'feed-extractor', title: feed.title, entries };
}

for await (const line of createInterface({ input: process.stdin })) {
  const { form, document } = JSON.parse(line);
  const found = [byFeedExtractor(form, document)];
  if (form !== 'json') found.push(await byRssParser(document));
  process.stdout.write(`${JSON.stringify(found)}\n`);
}
