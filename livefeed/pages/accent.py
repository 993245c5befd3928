"""A newsroom's own colour for a widget, made legible on light and dark paper.

Whoever embeds a widget chooses one colour and sees it on their own screen. Readers have another scheme, other
eyes. It colours text and surfaces alike, so it is moved towards black or white, no further than needed, until
it can be read on the paper of each scheme; what stands on it gets the ink that is read best there.

Source: WCAG 2.2, relative luminance and contrast ratio; 1.4.3 (4.5:1 for text).
"""

from __future__ import annotations

import re

from livefeed.text import TextRefused

CONTRAST = 4.5
# A little harder to read on than any surface of livefeed.css, so that those may change.
LIGHT, DARK = "f0efec", "24262b"
STEPS = 100

Channels = tuple[int, int, int]


def check_accent(text: str) -> str:
    """The colour as six lower-case hexadecimal digits. Raises `TextRefused` for what is none."""
    found = re.fullmatch(r"#?([0-9A-Fa-f]{3}|[0-9A-Fa-f]{6})", text, re.ASCII)
    if found is None:
        taken = "3 or 6 hexadecimal digits"
        raise TextRefused(f"accent is {text[:40]!r}; a colour is {taken}, such as b3121d.", taken)
    digits = found[1].lower()
    return digits if len(digits) == 6 else "".join(digit * 2 for digit in digits)


def accent_sheet(accent: str) -> str:
    """The style sheet that puts `accent` (see `check_accent`) in the place of our reds."""
    light, dark = (_tokens(legible(accent, sheet)) for sheet in (LIGHT, DARK))
    return (
        "@layer states {\n"
        f"  .widget {{ {light} }}\n"
        f'  .widget[data-scheme="dark"] {{ {dark} }}\n'
        "  @media (prefers-color-scheme: dark) {\n"
        f'    .widget:not([data-scheme="light"]) {{ {dark} }}\n'
        "  }\n"
        "}\n"
    )


def ink_on(surface: str) -> str:
    """Black or white, whichever is read better on `surface`; one of them always has 4.5:1."""
    return max("ffffff", "000000", key=lambda ink: contrast(ink, surface))


def legible(accent: str, paper: str) -> str:
    """`accent`, moved towards black or white until text in it has `CONTRAST` on `paper`."""
    goal = _channels(ink_on(paper))
    start = _channels(accent)
    for step in range(STEPS + 1):
        mixed = "".join(f"{a + (b - a) * step // STEPS:02x}" for a, b in zip(start, goal, strict=True))
        if contrast(mixed, paper) >= CONTRAST:
            return mixed
    raise ValueError(f"neither black nor white can be read on {paper}")


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, from 1 to 21."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _tokens(colour: str) -> str:
    ink = ink_on(colour)
    return (
        f"--red: #{colour}; --brand: #{colour}; --on-brand: #{ink}; --alert: #{colour}; --on-alert: #{ink};"
    )


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(channel / 255) for channel in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(value: float) -> float:
    # `float()`: a power of floats is Any to the type checker.
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)


def _channels(colour: str) -> Channels:
    return int(colour[0:2], 16), int(colour[2:4], 16), int(colour[4:6], 16)
