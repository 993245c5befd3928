"""What search engines read of a page: schema.org as JSON-LD.

The live page is a `LiveBlogPosting` with its newest updates, each under its own address and its real times;
the page of one update is that same `BlogPosting`, as a part of the former. A retracted update is in neither:
not its text, and not its place.

Sources: schema.org (LiveBlogPosting, CorrectionComment), JSON-LD 1.1 §7.2 (data blocks in HTML).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime

from markupsafe import Markup

from livefeed.events import coverage_url, rfc3339, update_url
from livefeed.model import Coverage, CoverageStatus, Media, Status, Update
from livefeed.pages.addresses import absolute
from livefeed.text import title_of
from livefeed.timeline import Front

NEWEST = 20
"""Updates that are told: each stands on the page already, so every one more is weight for every reader."""

_ESCAPES = str.maketrans({sign: f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"})


def live_blog(
    front: Front, updates: Sequence[Update], *, base_url: str, site_title: str
) -> dict[str, object]:
    """The live page that shows `updates` (newest first) of `front`.

    `coverageEndTime` is there only once the coverage is closed, for until then nobody knows it: an invented
    end that passes tells search engines that a running story is over.
    """
    coverage = front.coverage
    address = coverage_url(base_url, coverage.slug)
    publisher = _publisher(base_url, site_title)
    published = [update for update in updates if update.status is Status.PUBLISHED]
    closed = coverage.status is CoverageStatus.CLOSED
    return _filled(
        {
            "@context": "https://schema.org",
            "@type": "LiveBlogPosting",
            "@id": address,
            "url": address,
            "mainEntityOfPage": address,
            "headline": coverage.headline,
            "description": coverage.standfirst,
            "inLanguage": coverage.language,
            "datePublished": _time(coverage.begun_at),
            "dateModified": _time(front.changed_at),
            "coverageStartTime": _time(coverage.starts_at),
            "coverageEndTime": _time(coverage.ends_at) if closed else None,
            "image": _images([coverage.lead_media], base_url),
            "author": _people(coverage.byline) or [publisher],
            "publisher": publisher,
            "contentLocation": _place(coverage.place),
            "articleSection": coverage.section,
            "keywords": list(coverage.tags),
            "liveBlogUpdate": [_posting(update, coverage, base_url) for update in published[:NEWEST]],
        }
    )


def update_posting(
    update: Update, coverage: Coverage, *, base_url: str, site_title: str
) -> dict[str, object] | None:
    """The page of one update; None for a retracted one, of which there is nothing to tell."""
    if update.status is not Status.PUBLISHED:
        return None
    publisher = _publisher(base_url, site_title)
    whole = coverage_url(base_url, coverage.slug)
    posting = _posting(update, coverage, base_url)
    return {
        "@context": "https://schema.org",
        **_filled({"image": _images([coverage.lead_media], base_url), "author": [publisher]}),
        **posting,
        "mainEntityOfPage": posting["url"],
        "publisher": publisher,
        "isPartOf": {"@type": "LiveBlogPosting", "@id": whole, "url": whole, "headline": coverage.headline},
    }


def data_block(document: dict[str, object]) -> Markup:
    """The text of a `<script type="application/ld+json">`.

    No character reference works inside a script element, so what could end it or begin a comment in it (`<`,
    `>`, `&`) is escaped in JSON's own way; so are the two line ends that are none in JSON (ECMA-404).
    """
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return Markup(text.translate(_ESCAPES))  # noqa: S704 - nothing is left in it that HTML would read


def _posting(update: Update, coverage: Coverage, base_url: str) -> dict[str, object]:
    """An update, for its own page and among those of the live page: one `@id`, one thing."""
    address = update_url(base_url, update)
    captions = (text for media in update.media for text in (media.caption, media.alt) if text)
    return _filled(
        {
            "@type": "BlogPosting",
            "@id": address,
            "url": address,
            "headline": title_of(update.headline, update.text) or next(captions, coverage.headline),
            "articleBody": update.text,
            "inLanguage": update.language,
            "datePublished": _time(update.published_at),
            "dateModified": _time(update.revised_at or update.published_at),
            "image": _images(update.media, base_url),
            "author": _people(update.byline),
            "contentLocation": _place(update.place),
            "keywords": list(update.tags),
            "correction": [
                {"@type": "CorrectionComment", "text": correction.note, "datePublished": _time(correction.at)}
                for correction in update.corrections
            ],
        }
    )


def _publisher(base_url: str, site_title: str) -> dict[str, object]:
    return {"@type": "Organization", "name": site_title, "url": f"{base_url}/"}


def _people(names: Iterable[str]) -> list[dict[str, object]]:
    return [{"@type": "Person", "name": name} for name in names]


def _place(name: str) -> dict[str, object] | None:
    return {"@type": "Place", "name": name} if name else None


def _images(pictures: Iterable[Media | None], base_url: str) -> list[dict[str, object]]:
    return [
        _filled(
            {
                "@type": "ImageObject",
                "url": absolute(media.url, base_url),
                "width": _pixels(media.width),
                "height": _pixels(media.height),
                "caption": media.caption or media.alt,
                "creditText": media.credit,
            }
        )
        for media in pictures
        if media is not None and absolute(media.url, base_url)
    ]


def _pixels(length: int) -> str | None:
    return f"{length} px" if length else None  # a Distance is a number and its unit, never a bare number


def _time(moment: datetime | None) -> str | None:
    return rfc3339(moment) if moment else None


def _filled(document: dict[str, object]) -> dict[str, object]:
    """`document` without what is not known: an empty value would be a claim."""
    return {name: value for name, value in document.items() if value not in (None, "", [])}
