"""Write livefeed/static/fonts: the faces of pages, cut down to what a first view on a slow line can carry.

Source: IBM Plex Sans Arabic 1.101 (SIL Open Font License), as `files/ibm-plex-sans-arabic-{arabic,latin}-
{400,700}-normal.woff2` of the npm package `@fontsource/ibm-plex-sans-arabic` 5.3.0. The tools are no
dependency: `pip install fonttools brotli` into any environment, then run this in it with the folder of those
files. What stays: every letter, mark and shaping rule of the languages written in Arabic, and Latin 1. What
goes: hints for screens of low resolution, a quarter of the weight, and the presentation forms, which text has
not been written in since Unicode. "Plex" is a reserved name, so what comes out of here has another.
"""

from __future__ import annotations

import sys
from pathlib import Path

from fontTools import subset  # type: ignore[import-not-found]
from fontTools.ttLib import TTFont  # type: ignore[import-not-found]

FONTS = Path(__file__).resolve().parent.parent / "livefeed/static/fonts"
FAMILY = "Livefeed Sans"
STYLES = {400: "Regular", 700: "Bold"}
# The same as `unicode-range` in livefeed.css.
RANGES = {
    "arabic": "0600-06FF,0750-077F,0870-088E,0890-0891,0897-08E1,08E3-08FF,200C-200E,2010-2011,FDF0-FDFF",
    "latin": "0000-00FF,0131,0152-0153,02BB-02BC,02C6,02DA,02DC,0304,0308,0329,2000-206F,20AC,2122,2191,2193,"
    "2212,2215,FEFF,FFFD",
}
# Entries of the table of names (OpenType, `name`); copyright and licence stay as they are.
FAMILY_NAME, STYLE_NAME, UNIQUE_NAME, FULL_NAME, POSTSCRIPT_NAME = 1, 2, 3, 4, 6
KEPT_NAMES = [0, FAMILY_NAME, STYLE_NAME, UNIQUE_NAME, FULL_NAME, 5, POSTSCRIPT_NAME, 13, 14]


def main(folder: Path) -> None:
    """Cut the four files in `folder`."""
    for script, ranges in RANGES.items():
        for weight, style in STYLES.items():
            font = TTFont(folder / f"ibm-plex-sans-arabic-{script}-{weight}-normal.woff2")
            options = subset.Options(layout_features=["*"], hinting=False, name_IDs=KEPT_NAMES)
            cutter = subset.Subsetter(options)
            cutter.populate(unicodes=subset.parse_unicodes(ranges))
            cutter.subset(font)
            names = {
                FAMILY_NAME: FAMILY,
                UNIQUE_NAME: f"{FAMILY} {script} {style}",
                FULL_NAME: f"{FAMILY} {style}",
                POSTSCRIPT_NAME: f"{FAMILY.replace(' ', '')}-{style}",
            }
            for record in font["name"].names:
                record.string = names.get(record.nameID, record.toUnicode())
            font.flavor = "woff2"
            font.save(FONTS / f"livefeed-sans-{script}-{weight}.woff2")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
