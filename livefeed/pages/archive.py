"""Which updates stand on which page.

Pages are counted from the oldest published update, and an archive page is only cut off once another full page
lies above it. So an archive page's membership never changes: its address can be cited and cached for ever,
while the first page always has between `size` and `2 * size - 1` updates to read.
"""

from __future__ import annotations


def archive_pages(total: int, size: int) -> int:
    """How many archive pages `total` published updates make; page k holds the k-th `size` from the oldest."""
    return max(0, total // size - 1)


def first_page_count(total: int, size: int) -> int:
    """How many of the newest updates the first page shows: all that no archive page has."""
    return total - size * archive_pages(total, size)
