"""Which updates stand on which page.

Pages of updates are counted from the oldest published one, and an archive page is only cut off once another
full page lies above it. So an archive page's membership never changes: its address can be cited and cached
for ever, while the first page always has between `size` and `2 * size - 1` updates to read.
"""

from __future__ import annotations

from livefeed.model import Coverage
from livefeed.timeline import SiteFront

ARCHIVED = 50  # archived coverages on a page


def archive_pages(total: int, size: int) -> int:
    """How many archive pages `total` published updates make; page k holds the k-th `size` from the oldest."""
    return max(0, total // size - 1)


def first_page_count(total: int, size: int) -> int:
    """How many of the newest updates the first page shows: all that no archive page has."""
    return total - size * archive_pages(total, size)


def archived_pages(site: SiteFront) -> int:
    """How many pages the archived coverages make; at least one, which may be empty."""
    return max(1, -(-len(_archived(site)) // ARCHIVED))


def archived_on(site: SiteFront, number: int) -> list[Coverage]:
    """The archived coverages on page `number`: the last ended first, from page 1 on."""
    return _archived(site)[(number - 1) * ARCHIVED : number * ARCHIVED]


def _archived(site: SiteFront) -> list[Coverage]:
    ended = [
        (coverage.ends_at or coverage.archived_at, coverage.slug, coverage)
        for coverage in site.coverages
        if coverage.archived_at
    ]
    return [coverage for _, _, coverage in sorted(ended, key=lambda one: (one[0], one[1]), reverse=True)]
