"""Updates as entries: what a feed says of each one, whatever form it is written in.

Every text of an `Entry` is legal in XML and JSON, and every address in it is an absolute URI. An update's id
and `published` never change; `updated` moves with what readers see of it; a retracted update stays as an
entry of the same id that holds nothing but the public note. Each correction is an entry of its own besides,
for most feed readers show an edited item to nobody who has read it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from html import escape
from urllib.parse import quote

from livefeed.events import update_url
from livefeed.feeds.publisher import FeedWords, Publisher
from livefeed.model import Coverage, Direction, Media, Status, Update
from livefeed.text import clean, clean_line, direction_of, excerpt, title_of

AUTHORITY = "tag:livefeed.invalid,2026:"
"""Where the ids of entries and the scheme of categories are minted (RFC 4151); why it is this one and must
never change is in docs/decisions/006-feeds.md."""

UPDATES = f"{AUTHORITY}updates/"
"""What the ids of updates' entries begin with."""

FLAGS = f"{AUTHORITY}flags"
"""The scheme of the machine categories `breaking`, `key-event`, `correction` and `retraction`."""

CORRECTIONS = "/corrections/"
"""What stands between an update's entry and the number of a correction, in the id of a correction's."""

SUMMARY_CHARS = 300
_TYPES = {
    "jpg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
}  # as `livefeed.media` names its files


@dataclass(frozen=True, slots=True)
class Category:
    """A tag of the newsroom (no scheme), or a flag: a term of the scheme `FLAGS`, with a label for people."""

    term: str
    scheme: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A file that comes with an entry; `size` is in bytes."""

    url: str
    type: str
    size: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One update, or one correction of it (`corrects`). `title`, `summary` and `authors` are plain text,
    `content` is HTML with absolute addresses.

    `withdrawn_at` is set for a retracted one; then `summary` is the public note.
    """

    id: str
    url: str
    title: str
    summary: str
    content: str
    language: str
    published: datetime
    updated: datetime
    authors: tuple[str, ...] = ()
    categories: tuple[Category, ...] = ()
    pictures: tuple[Media, ...] = ()
    withdrawn_at: datetime | None = None
    corrects: bool = False

    @property
    def enclosures(self) -> tuple[Enclosure, ...]:
        """The pictures whose type and length are known, as RSS asks of an enclosure."""
        typed = ((picture, _TYPES.get(picture.url.rpartition(".")[2])) for picture in self.pictures)
        return tuple(Enclosure(each.url, type_, each.size) for each, type_ in typed if type_ and each.size)


@dataclass(frozen=True, slots=True)
class Told:
    """What a feed says of one update: its entry, and one for each of its corrections."""

    entry: Entry
    corrections: tuple[Entry, ...]

    @property
    def size(self) -> int:
        """Bytes of memory, about: two for a letter, and the objects themselves."""
        entries = (self.entry, *self.corrections)
        letters = sum(len(each.content) + len(each.summary) + len(each.title) for each in entries)
        return 2 * letters + 1000 * len(entries)


def entries_of(
    updates: Iterable[Update], coverages: Mapping[str, Coverage], publisher: Publisher
) -> tuple[Entry, ...]:
    """The entries of published and retracted updates, in their order, and of their corrections.

    `coverages` has, by slug, those whose headline is the title of an update that has no words of its own.
    """
    told = []
    for update in updates:
        coverage = coverages.get(update.coverage)
        kept = publisher.galleys.find("told", update, coverage)
        if kept is None:
            kept = _told(update, coverage, publisher)
            publisher.galleys.keep("told", update, coverage, piece=kept, size=kept.size)
        told.append(kept)
    return _merged([each.entry for each in told], [entry for each in told for entry in each.corrections])


def without_corrections(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """The entries of updates alone."""
    return tuple(entry for entry in entries if not entry.corrects)


def led(title: str, direction: Direction) -> str:
    """A title that feed readers lay out in `direction`. They go by its first strong letter, so one that is to
    run from right to left but begins with a Latin word gets a mark before it that shows nothing (U+200F)."""
    if direction == "rtl" and direction_of(title) != "rtl":
        return f"\u200f{title}"
    return title


def uri(address: str) -> str:
    """An address with letters of any script, such as those of an Arabic slug, as RFC 3986 writes it. What is
    already percent-encoded stays."""
    return quote(clean_line(address), safe="%:/?#[]@!$&'()*+,;=~")


def _told(update: Update, coverage: Coverage | None, publisher: Publisher) -> Told:
    base_url, words = publisher.base_url, publisher.words(update.language)
    if update.status is Status.RETRACTED:
        entry = _withdrawn(update, base_url, words)
    elif update.status is Status.PUBLISHED:
        fallback = (clean_line(coverage.headline) if coverage else "") or update.coverage
        entry = _published(update, base_url, words, publisher.fragment(update), fallback)
    else:
        # A draft in a front is a fault elsewhere; showing it to the world would be a worse one.
        raise ValueError(f"update {update.id} is {update.status}; a feed holds only what was published")
    return Told(entry, tuple(_corrections(update, entry, words)))


def _published(update: Update, base_url: str, words: FeedWords, content: str, fallback: str) -> Entry:
    title = title_of(update.headline, update.text) or _caption(update.media) or fallback
    return replace(
        _blank(update, base_url),
        title=led(title, update.direction),
        summary=excerpt(update.text, SUMMARY_CHARS),
        content=clean(content),
        authors=_lines(update.byline),
        categories=(*(Category(tag) for tag in _lines(update.tags)), *_flags(update, words)),
        pictures=tuple(_picture(media, base_url) for media in update.media),
    )


def _withdrawn(update: Update, base_url: str, words: FeedWords) -> Entry:
    """The stub of a retracted update. It takes nothing but times, flags and the note from it, so that a text
    which some store or cache still has cannot come out here."""
    note = clean_line(update.retraction.note if update.retraction else "") or clean_line(words.withdrawn_note)
    blank = _blank(update, base_url)
    return replace(
        blank,
        title=led(clean_line(words.withdrawn), update.direction),
        summary=note,
        content=f'<p lang="{escape(update.language)}" dir="{update.direction}">{escape(note)}</p>',
        categories=(*_flags(update, words), Category("retraction", FLAGS, clean_line(words.withdrawn))),
        withdrawn_at=update.retraction.at if update.retraction else blank.updated,
    )


def _corrections(update: Update, entry: Entry, words: FeedWords) -> Iterator[Entry]:
    """The corrections of an update as entries. What they say is the note and nothing that a later revision
    could change: a feed reader would show the correction as a new one."""
    if entry.withdrawn_at:
        for number, at in enumerate(update.corrected_at, 1):
            yield replace(_correction(entry, number, at), updated=entry.updated)
        return
    label = clean_line(words.correction)
    link = f'<a href="{escape(entry.url)}">{escape(clean_line(words.corrected_update))}</a>'
    attributes = f'lang="{escape(update.language)}" dir="{update.direction}"'
    for number, correction in enumerate(update.corrections, 1):
        note = clean_line(correction.note)
        title = f"{label}: {title_of('', note)}" if note else label
        # While the update was retracted a stub stood here, and feed readers drop what is older than it.
        updated = max(correction.at, update.restored_at or correction.at)
        yield replace(
            _correction(entry, number, correction.at),
            updated=updated,
            title=led(title, update.direction),
            summary=note,
            content=f"<p {attributes}>{escape(note)}</p><p {attributes}>{link}</p>",
            authors=(),
            categories=(Category("correction", FLAGS, label),),
            pictures=(),
        )


def _correction(entry: Entry, number: int, at: datetime) -> Entry:
    """The `number`-th correction of an update, from 1. Corrections are only ever added, so its number is as
    permanent as the update's id."""
    return replace(
        entry,
        id=f"{entry.id}{CORRECTIONS}{number}",
        # Some readers take two items of one address for one.
        url=f"{entry.url}/corrections#correction-{number}",
        published=at,
        updated=at,
        corrects=True,
    )


def _merged(entries: Iterable[Entry], corrections: Iterable[Entry]) -> tuple[Entry, ...]:
    """Corrections by their times among the updates, whose own order stays: it is the log's, whatever a clock
    that was set back made of the times."""
    waiting = deque(sorted(corrections, key=lambda entry: entry.published, reverse=True))
    merged: list[Entry] = []
    for entry in entries:
        while waiting and waiting[0].published >= entry.published:
            merged.append(waiting.popleft())
        merged.append(entry)
    return (*merged, *waiting)


def _blank(update: Update, base_url: str) -> Entry:
    if update.published_at is None:
        raise ValueError(f"update {update.id} is {update.status} but has no time of publication")
    return Entry(
        id=f"{UPDATES}{quote(update.id, safe='')}",
        url=uri(update_url(base_url, update)),
        title="",
        summary="",
        content="",
        language=update.language,
        published=update.published_at,
        updated=update.revised_at or update.published_at,
    )


def _flags(update: Update, words: FeedWords) -> Iterable[Category]:
    if update.breaking:
        yield Category("breaking", FLAGS, clean_line(words.breaking))
    if update.key_event:
        yield Category("key-event", FLAGS, clean_line(words.key_event))
    if update.corrections:
        yield Category("correction", FLAGS, clean_line(words.correction))


def _picture(media: Media, base_url: str) -> Media:
    return replace(
        media,
        url=uri(f"{base_url}{media.url}" if media.url.startswith("/") else media.url),
        alt=clean_line(media.alt),
        caption=clean_line(media.caption),
        credit=clean_line(media.credit),
    )


def _caption(pictures: Iterable[Media]) -> str:
    texts = (clean_line(text) for media in pictures for text in (media.caption, media.alt))
    return next(filter(None, texts), "")


def _lines(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, map(clean_line, texts))))
