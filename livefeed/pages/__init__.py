"""HTML: pages for readers and editors, and the fragments that pages, pushes, embeds and feeds share.

Pure: values in, text out. One fragment renders an update wherever it appears, so every address in it is
absolute. Templates are the top-level `templates/` folder; an overlay folder replaces single files of it.
All text is escaped by the environment; the only exception is an update's body (see `templates/update.html`).
"""

from livefeed.pages.archive import archive_pages, archived_pages, first_page_count
from livefeed.pages.catalogue import CatalogueBroken
from livefeed.pages.coverage_desk import CoverageDeskPages, Panels, Refusal
from livefeed.pages.readers import ReaderPages
from livefeed.pages.theme import STATIC, Theme, template_folder

__all__ = [
    "STATIC",
    "CatalogueBroken",
    "Pages",
    "Panels",
    "Refusal",
    "Theme",
    "archive_pages",
    "archived_pages",
    "first_page_count",
    "template_folder",
]


class Pages(ReaderPages, CoverageDeskPages):
    """Renders everything for one site; see `Rendering` for what that takes."""
