"""What feeds are made from, and the documents that are made of it.

Theory of operation
    What a feed shows depends on the clock too (see `feeds.window`). So the clock is asked first, and the
    state that a rendered feed is known by is what came of it: the updates shown, each at its position. A
    `Source` names that state; the feed is made of it once for all its forms, in the thread that renders.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Hashable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

from livefeed.courier.hub import TopicDocument
from livefeed.events import coverage_url
from livefeed.feeds import (
    ARCHIVE_ITEMS,
    CONTENT_TYPES,
    Entry,
    Feed,
    FeedWords,
    Format,
    Galleys,
    Link,
    Pieces,
    Publisher,
    Window,
    archive_documents,
    archive_feed,
    assemble,
    coverage_feed,
    rubric_feed,
    site_feed,
    with_recent,
)
from livefeed.model import Update
from livefeed.rubrics import Rubric, rubrics_of
from livefeed.timeline import Front
from livefeed.web.documents import Document
from livefeed.web.rooms import Rooms
from livefeed.websub import Mark, Topic

PINGED_UPDATES = 20  # whose own tags an external hub is told of


@dataclass(frozen=True, slots=True)
class Source:
    """A feed at one state; `name` is the same in every state."""

    name: str
    state: Hashable
    feed: Callable[[], Feed]

    def made(self, rooms: Rooms) -> Feed:
        """The feed. To be asked while rendering."""
        return rooms.documents.material(self.name, self.state, self.feed)


async def site_source(rooms: Rooms) -> Source:
    """The breaking items of the site."""
    site = await rooms.fronts.site()
    newest = [update for _, update in site.breaking]
    now = rooms.clock()
    known = with_recent(newest, rooms.fronts.recent(None, now), breaking_only=True)
    shown = _window(rooms).shown(known, now)

    def feed() -> Feed:
        return site_feed(site.coverages, shown, _publisher(rooms))

    return Source("site", (site.position, shown), feed)


async def coverage_source(rooms: Rooms, slug: str, *, breaking_only: bool) -> Source | None:
    """Everything of a coverage that is new, or what is breaking; None when there is no such coverage."""
    front = await rooms.fronts.front(slug)
    if front is None:
        return None
    coverage = front.coverage
    newest = front.breaking if breaking_only else front.updates
    now = rooms.clock()
    known = with_recent(newest, rooms.fronts.recent(slug, now), breaking_only=breaking_only)
    shown = _window(rooms).shown(known, now)
    archives = 0 if breaking_only else archive_documents(front.total)

    def feed() -> Feed:
        return coverage_feed(
            coverage, shown, _publisher(rooms), breaking_only=breaking_only, archives=archives
        )

    # Only what the feed shows is its state: an update that is not breaking leaves the breaking feed as it
    # was. Fronts keep the same values from one request to the next, so comparing them costs next to nothing.
    return Source(f"{slug} {breaking_only}", (coverage.position, archives, shown), feed)


async def rubric_source(rooms: Rooms, rubric: Rubric) -> Source | None:
    """Everything that is new under a section or tag; None when nothing was ever published there."""
    filed = await rooms.filings.filed(rubric)
    if filed is None:
        return None
    coverages = await rooms.fronts.known()
    shown = _window(rooms).shown(filed, rooms.clock())
    home = [coverages[slug] for slug in sorted({update.coverage for update in shown} & coverages.keys())]

    def feed() -> Feed:
        return rubric_feed(rubric, home, shown, _publisher(rooms))

    state = (shown, tuple((coverage.slug, coverage.position) for coverage in home))
    return Source(rubric.key, state, feed)


async def archive_source(rooms: Rooms, front: Front, number: int) -> Source:
    """The `number`-th archive document of a coverage. Raises `StoreAway`."""
    coverage = front.coverage
    archives = archive_documents(front.total)
    last = number * ARCHIVE_ITEMS
    updates = await rooms.store.published_range(coverage.slug, last - ARCHIVE_ITEMS + 1, last)

    def feed() -> Feed:
        return archive_feed(coverage, reversed(updates), number, _publisher(rooms), archives=archives)

    # Of the number of documents only this one's place shows: the last has no newer one.
    states = tuple((update.id, update.position) for update in updates)
    return Source(
        _archive(rooms, coverage.slug, number), (coverage.position, number == archives, states), feed
    )


def last_archive(rooms: Rooms, slug: str, number: int, form: Format) -> Document | None:
    """The archive document as it was last rendered, for when the store is away."""
    return rooms.documents.last(_key(_archive(rooms, slug, number), form))


async def rendered(rooms: Rooms, source: Source, form: Format) -> Document:
    """The feed in a form."""
    made: list[Feed] = []

    def document() -> Pieces:
        made.append(source.made(rooms))
        return assemble(made[-1], form, rooms.galleys)

    def modified() -> datetime:
        return made[-1].updated

    def headers() -> dict[str, str]:
        return {"Link": _link_header(made[-1].links(form))}

    return await rooms.documents.get(_key(source.name, form), source.state, document, modified, headers)


async def topic_document(rooms: Rooms, topic: Topic) -> TopicDocument | None:
    """A feed as the hub pushes it; None when there is none any more."""
    if topic.rubric is not None:
        source = await rubric_source(rooms, topic.rubric)
    elif topic.slug is None:
        source = await site_source(rooms)
    else:
        source = await coverage_source(rooms, topic.slug, breaking_only=topic.breaking_only)
    if source is None:
        return None
    listed = await rooms.documents.get(
        f"marks {source.name}", source.state, lambda: _listed(source.made(rooms), rooms.galleys)
    )

    async def part(ids: Collection[str]) -> bytes:
        def only() -> bytes:
            feed = source.made(rooms)
            entries = tuple(entry for entry in feed.entries if _digest(entry.id) in ids)
            return assemble(replace(feed, entries=entries), topic.form, rooms.galleys).plain

        # Subscribers who miss the same entries, nearly all of them, are sent one and the same document.
        name = f"push {source.name} {topic.form} {_digest(sorted(ids))}"
        return (await rooms.documents.get(name, source.state, only)).plain

    return TopicDocument(listed.tag, CONTENT_TYPES[topic.form], _marks(listed.plain), part)


def topics(rooms: Rooms, slug: str) -> list[str]:
    """The addresses of all feeds that a coverage's changes show in; of its updates' own tags those that the
    newest ones have."""
    home = coverage_url(rooms.base_url, slug)
    stems = [f"{home}/updates", f"{home}/breaking", f"{rooms.base_url}/feeds/breaking"]
    front = rooms.fronts.in_memory().get(slug)
    newest = front.updates[:PINGED_UPDATES] if front else ()
    rubrics = set(rubrics_of(rooms.fronts.coverage(slug))).union(*map(rubrics_of, newest))
    stems += [rooms.base_url + rubric.path for rubric in sorted(rubrics)]
    return [f"{stem}.{form}" for stem in stems for form in CONTENT_TYPES]


def _listed(feed: Feed, galleys: Galleys) -> bytes:
    """The marks of a feed's entries as a document, which is kept and known by its tag as any other."""
    return json.dumps([_mark(entry, galleys) for entry in feed.entries]).encode()


def _mark(entry: Entry, galleys: Galleys) -> tuple[str, str, float]:
    mark: tuple[str, str, float] | None = galleys.find("mark", entry)
    if mark is None:
        mark = (_digest(entry.id), _digest(entry), entry.updated.timestamp())
        galleys.keep("mark", entry, piece=mark, size=0)
    return mark


@lru_cache(100)
def _marks(listed: bytes) -> tuple[Mark, ...]:
    # Remembered, for each subscription of a topic asks.
    return tuple(Mark(*line) for line in json.loads(listed))


def _digest(value: object) -> str:
    return hashlib.blake2b(repr(value).encode(), digest_size=6).hexdigest()


def _archive(rooms: Rooms, slug: str, number: int) -> str:
    # What was rendered before a retraction is never found again, not even while the store is away.
    return f"{slug} archive {number} {rooms.fronts.withdrawals(slug)}"


def _key(name: str, form: Format) -> str:
    return f"feed {name} {form}"


def _link_header(links: Iterable[Link]) -> str:
    """The links for who reads headers only (RFC 8288)."""
    parts = []
    for link in links:
        parameters = f'; rel="{link.rel}"' + (f'; type="{link.type}"' if link.type else "")
        parts.append(f"<{link.href}>{parameters}")
    return ", ".join(parts)


def _window(rooms: Rooms) -> Window:
    return Window(items=rooms.settings.feed_items, most=rooms.settings.feed_most_items)


def _publisher(rooms: Rooms) -> Publisher:
    return Publisher(
        base_url=rooms.base_url,
        title=rooms.settings.site_title,
        language=rooms.settings.site_language,
        fragment=_fragment(rooms),
        words=_words(rooms),
        hubs=(rooms.hub,),
        galleys=rooms.galleys,
    )


def _fragment(rooms: Rooms) -> Callable[[Update], str]:
    """The page's own fragment, but for the pin: it is about the page, and a mark that comes and goes would
    have feed readers show the item as edited."""

    def fragment(update: Update) -> str:
        return rooms.pages.update_fragment(
            replace(update, pinned=False), rooms.fronts.coverage(update.coverage), plain=True
        )

    return fragment


def _words(rooms: Rooms) -> Callable[[str], FeedWords]:
    """The words of feeds by language."""

    def words(language: str) -> FeedWords:
        said = rooms.pages.theme.words.translate(language)
        return FeedWords(
            withdrawn=said("This update was retracted"),
            withdrawn_note=said("The desk has withdrawn this update."),
            breaking=said("Breaking"),
            key_event=said("Key event"),
            correction=said("Correction"),
            corrected_update=said("The corrected update"),
        )

    return words
