"""Draws the demo's lead picture: a harbour at dusk with a storm coming in.

The picture is drawn instead of photographed so that the project owns it outright and can ship it under its
own licence. The drawing is deterministic: one seeded generator, no fonts, no files read.

    python scripts/draw_lead.py [OUT.jpg]        (default: livefeed/demo/lead.jpg)

Theory of operation: everything is painted at twice the final size, back to front, and scaled down at the end,
which smooths every edge. The far shore is one canvas whose mirror image, displaced row by row, becomes the
water; what floats nearer casts its own reflection from the line it floats on.
"""

import math
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random

from PIL import Image, ImageChops, ImageDraw, ImageFilter

Colour = tuple[int, int, int]
Stops = tuple[tuple[float, Colour], ...]
Pen = ImageDraw.ImageDraw

OUT = Path(__file__).resolve().parent.parent / "livefeed" / "demo" / "lead.jpg"
SIZE = (1600, 900)
W, H = SIZE[0] * 2, SIZE[1] * 2
WATERLINE = 1130
SUN = (2080, 1010)

SKY: Stops = (
    (0.00, (30, 36, 66)),
    (0.28, (66, 64, 108)),
    (0.52, (146, 92, 122)),
    (0.72, (220, 126, 106)),
    (0.88, (248, 174, 114)),
    (1.00, (255, 220, 160)),
)
DEPTH: Stops = ((0.0, (246, 220, 200)), (0.30, (172, 156, 174)), (1.0, (62, 70, 102)))
HAZE: Colour = (176, 104, 112)
SHORE: Colour = (52, 42, 66)
NIGHT: Colour = (24, 23, 40)
LAMP: Colour = (255, 214, 140)


def draw() -> Image.Image:
    """The whole picture: RGB, `SIZE` pixels."""
    random = Random(1746)  # noqa: S311 - a picture is no secret; the seed makes every run draw the same one
    picture = sky(random)
    hills(picture, random)
    town(picture, random)
    lighthouse(picture)
    container_port(picture, random)
    picture = sea(picture, random)
    for line, boat in (
        (1212, lambda pen: freighter(pen, 330, 1212, random)),
        (1268, lambda pen: tug(pen, 1330, 1268)),
        (1345, lambda pen: sailing_boat(pen, 2560, 1345)),
        (1478, lambda pen: fishing_boat(pen, 1690, 1478)),
    ):
        picture = afloat(picture, boat, line)
    quay(picture)
    gulls(picture)
    return finish(picture, random)


def sky(random: Random) -> Image.Image:
    """Dusk from indigo to gold, banks of storm cloud thickening to the upper left, the sun in its glow."""
    picture = ramp(SKY, (W, WATERLINE)).convert("RGB")
    canvas = Image.new("RGB", (W, H))
    canvas.paste(picture, (0, 0))

    glow = Image.new("L", (W, H))
    pen = ImageDraw.Draw(glow)
    for radius, light in ((1150, 40), (700, 80), (400, 120), (220, 170)):
        pen.ellipse(around(SUN, radius, radius * 0.62), fill=light)
    glow = (
        glow.resize((W // 8, H // 8))
        .filter(ImageFilter.GaussianBlur(26))
        .resize((W, H), Image.Resampling.BICUBIC)
    )
    canvas = Image.composite(
        ImageChops.screen(canvas, Image.new("RGB", (W, H), (255, 178, 104))), canvas, glow
    )

    disc = Image.new("L", (W, H))
    ImageDraw.Draw(disc).ellipse(around(SUN, 84, 84), fill=255)
    canvas.paste((255, 240, 204), (0, 0), disc.filter(ImageFilter.GaussianBlur(3)))

    for bank, (cover, colour, rim) in enumerate(
        (((0.47, 0.32), (104, 72, 112), (255, 176, 128)), ((0.30, 0.50), (50, 48, 84), (206, 120, 122)))
    ):
        shape = cloud_bank(random, cover, flat=9 if bank else 14)
        lit = ImageChops.subtract(ImageChops.offset(shape, 0, 26), shape).filter(ImageFilter.GaussianBlur(5))
        canvas.paste(colour, (0, 0), shape.point(lambda a: int(a * 0.80)))
        canvas.paste(rim, (0, 0), fade_down(lit.point(lambda a: min(255, int(a * 0.9)))))
    return canvas


def cloud_bank(random: Random, cover: tuple[float, float], flat: int) -> Image.Image:
    """A mask of cloud in long flat strands; `cover` is its share of the sky at the right and left edges."""
    total = Image.new("L", (W, H))
    for octave, weight in enumerate((0.46, 0.26, 0.16, 0.12)):
        columns, rows = 4 * 2**octave, flat * 2**octave
        cells = Image.frombytes("L", (columns, rows), random.randbytes(columns * rows))
        layer = cells.resize((W, H), Image.Resampling.BICUBIC)
        total = ImageChops.add(total, layer.point(lambda v, k=weight: int(v * k)))
    right, left = cover
    lean = Image.linear_gradient("L").rotate(90).resize((W, H))
    need = lean.point(lambda v: int(255 * (0.88 - right - (left - right) * (1 - v / 255))))
    bank = (
        ImageChops.subtract(total, need).point(lambda v: min(255, v * 5)).filter(ImageFilter.GaussianBlur(6))
    )
    # Nothing dark may hang low over the town or the cranes: there it would read as smoke.
    clear = ((0.0, (255, 255, 255)), (0.34, (255, 255, 255)), (0.47, (0, 0, 0)), (1.0, (0, 0, 0)))
    return ImageChops.multiply(bank, ramp(clear, (W, H)).convert("L"))


def fade_down(mask: Image.Image) -> Image.Image:
    """The mask, strongest near the horizon: only there does the low sun light a cloud from below."""
    strength = ramp(((0.0, (50, 50, 50)), (0.45, (255, 255, 255)), (1.0, (255, 255, 255))), (W, H)).convert(
        "L"
    )
    return ImageChops.multiply(mask, strength)


def hills(picture: Image.Image, random: Random) -> None:
    """Three ridges, each nearer one darker and less hazy."""
    pen = ImageDraw.Draw(picture)
    for depth, (top, swing) in enumerate(((940, 120), (1020, 90), (1078, 46))):
        colour = mix(HAZE, SHORE, 0.18 + 0.26 * depth)
        phases = [random.uniform(0, math.tau) for _ in range(5)]
        ridge = []
        for x in range(0, W + 8, 8):
            wave = sum(
                math.sin(x / W * math.tau * f + p) / f**0.9
                for f, p in zip((1, 2.3, 5.1, 11, 27), phases, strict=True)
            )
            # The ridge sinks toward the sun, so that the light has a bay to fall through.
            sink = 150 * math.exp(-(((x - SUN[0]) / 620) ** 2))
            ridge.append((x, top - swing * wave * 0.6 + sink))
        pen.polygon([(0, WATERLINE), *ridge, (W, WATERLINE)], fill=colour)
        mist = Image.new("L", (W, H))
        ImageDraw.Draw(mist).rectangle((0, WATERLINE - 90, W, WATERLINE), fill=90 - 22 * depth)
        picture.paste((250, 178, 140), (0, 0), mist.filter(ImageFilter.GaussianBlur(46)))
        pen = ImageDraw.Draw(picture)


def town(picture: Image.Image, random: Random) -> None:
    """The old town on the left shore: flat roofs in two rows, domes, two minarets, lit windows."""
    pen = ImageDraw.Draw(picture)
    for row, (rise, colour) in enumerate(((120, mix(HAZE, SHORE, 0.62)), (62, mix(SHORE, NIGHT, 0.35)))):
        x = -20
        while x < 1560 - row * 260:
            width = random.randint(44, 118)
            slope = 1 - max(0, x - 700) / 1300
            top = WATERLINE - int((random.randint(50, 150) + rise) * slope)
            pen.rectangle((x, top, x + width, WATERLINE), fill=colour)
            if random.random() < 0.30:
                pen.rectangle((x + width * 0.55, top - 22, x + width * 0.8, top), fill=colour)
            if random.random() < 0.22:
                pen.line((x + 16, top, x + 16, top - 46), fill=colour, width=3)
            windows(pen, random, (x, top, x + width), lit=0.13 + 0.12 * row)
            x += width + random.choice((-14, -6, 0, 0, 10))
    colour = mix(SHORE, NIGHT, 0.2)
    minaret(pen, 566, 690, colour)
    minaret(pen, 1010, 790, colour)
    dome(pen, 790, 880, 92, colour)
    dome(pen, 676, 950, 52, colour)
    dome(pen, 904, 950, 52, colour)
    pen.rectangle((612, 950, 968, WATERLINE), fill=colour)
    for x in range(640, 960, 46):
        pen.rounded_rectangle((x, 1000, x + 18, 1046), 9, fill=mix(LAMP, colour, 0.35))
    # A mole of rough stone closes the town's shore and carries the promenade lamps.
    pen.polygon([(0, 1096), (1480, 1104), (1640, WATERLINE), (0, WATERLINE)], fill=NIGHT)
    for x in range(60, 1500, 120):
        pen.line((x, 1100, x, 1064), fill=NIGHT, width=4)
        lamp(picture, (x, 1062), 5)


def windows(pen: Pen, random: Random, house: tuple[float, float, float], lit: float) -> None:
    """Lit windows of one house, given as left, top and right; `lit` is the share that is lit."""
    left, top, right = house
    y = top + 16
    while y < WATERLINE - 46:
        x = left + 10
        while x < right - 14:
            if random.random() < lit:
                pen.rectangle((x, y, x + 7, y + 11), fill=mix(LAMP, SHORE, random.uniform(0.05, 0.45)))
            x += 18
        y += 27


def minaret(pen: Pen, x: int, top: int, colour: Colour) -> None:
    pen.rectangle((x - 15, top + 120, x + 15, WATERLINE), fill=colour)
    pen.rectangle((x - 25, top + 112, x + 25, top + 124), fill=colour)
    pen.rectangle((x - 10, top + 56, x + 10, top + 120), fill=colour)
    pen.rectangle((x - 18, top + 50, x + 18, top + 58), fill=colour)
    pen.polygon([(x - 13, top + 50), (x, top - 12), (x + 13, top + 50)], fill=colour)
    pen.line((x, top - 12, x, top - 40), fill=colour, width=3)
    pen.rectangle((x - 4, top + 84, x + 4, top + 104), fill=mix(LAMP, colour, 0.2))


def dome(pen: Pen, x: int, y: int, radius: int, colour: Colour) -> None:
    pen.pieslice((x - radius, y - radius, x + radius, y + radius), 180, 360, fill=colour)
    pen.polygon([(x - 20, y - radius + 4), (x, y - radius - 26), (x + 20, y - radius + 4)], fill=colour)
    pen.line((x, y - radius - 24, x, y - radius - 58), fill=colour, width=3)
    pen.rectangle((x - radius, y, x + radius, y + 80), fill=colour)


def lighthouse(picture: Image.Image) -> None:
    """The light at the head of the breakwater, already lit."""
    x, top = 1560, 872
    pen = ImageDraw.Draw(picture)
    pen.polygon(
        [(x - 26, WATERLINE), (x - 15, top + 44), (x + 15, top + 44), (x + 26, WATERLINE)], fill=NIGHT
    )
    for y in (940, 1010, 1076):
        pen.polygon([(x - 18, y), (x + 18, y), (x + 20, y + 26), (x - 20, y + 26)], fill=(112, 66, 78))
    pen.rectangle((x - 24, top + 36, x + 24, top + 46), fill=NIGHT)
    pen.rectangle((x - 13, top + 4, x + 13, top + 36), fill=(255, 244, 206))
    pen.pieslice((x - 18, top - 18, x + 18, top + 24), 180, 360, fill=NIGHT)
    lamp(picture, (x, top + 20), 16)


def container_port(picture: Image.Image, random: Random) -> None:
    """The modern port on the right: stacks of containers and three ship-to-shore cranes, at rest."""
    pen = ImageDraw.Draw(picture)
    pen.rectangle((2330, 1098, W, WATERLINE), fill=NIGHT)
    palette = ((132, 70, 70), (74, 84, 116), (150, 104, 72), (86, 74, 98), (64, 92, 104), (112, 62, 84))
    x = 2380
    while x < W:
        for level in range(random.randint(1, 4)):
            colour = mix(random.choice(palette), SHORE, 0.45)
            pen.rectangle((x, 1096 - 26 * (level + 1), x + 70, 1096 - 26 * level - 2), fill=colour)
            for rib in range(8, 70, 10):
                pen.line(
                    (x + rib, 1096 - 26 * (level + 1) + 3, x + rib, 1096 - 26 * level - 5),
                    fill=mix(colour, NIGHT, 0.3),
                )
        x += 76
    for x, boom in ((2480, -1), (2760, -1), (3030, -1)):
        crane(pen, x, boom, raised=x == 2760)
        lamp(picture, (x + 66, 800), 7, (255, 120, 96))
    for x in (2420, 2640, 2900, 3130):
        lamp(picture, (x, 1040), 8)


def crane(pen: Pen, x: int, side: int, *, raised: bool) -> None:
    """A gantry crane whose sea leg stands at `x`; a raised boom is how a crane is left for a storm."""
    ink, line = NIGHT, 9
    land = x + 132
    for leg in (x, land):
        pen.line((leg, 1100, leg + (x + 66 - leg) * 0.12, 900), fill=ink, width=13)
    pen.line((x, 1040, land, 1040), fill=ink, width=line)
    pen.line((x + 8, 960, land - 8, 1040), fill=ink, width=5)
    pen.line((x + 8, 1040, land - 8, 960), fill=ink, width=5)
    pen.rectangle((x - 14, 886, land + 90, 904), fill=ink)
    pen.rectangle((x + 70, 858, x + 128, 888), fill=ink)
    apex = (x + 44, 796)
    pen.line((x + 8, 890, *apex), fill=ink, width=line)
    pen.line((land - 30, 890, *apex), fill=ink, width=line)
    pen.line((*apex, land + 86, 890), fill=ink, width=4)
    hinge = (x - 10, 895)
    tip = (x + side * 84, 640) if raised else (x + side * 236, 895)
    pen.line((*hinge, *tip), fill=ink, width=13)
    for part in (0.5, 0.95):
        at = (hinge[0] + (tip[0] - hinge[0]) * part, hinge[1] + (tip[1] - hinge[1]) * part)
        pen.line((*apex, *at), fill=ink, width=3)
    if not raised:
        trolley = x + side * 150
        pen.rectangle((trolley - 16, 900, trolley + 16, 914), fill=ink)
        for rope in (-10, 10):
            pen.line((trolley + rope, 912, trolley + rope, 968), fill=ink, width=2)
        pen.rectangle((trolley - 24, 966, trolley + 24, 976), fill=ink)


def sea(picture: Image.Image, random: Random) -> Image.Image:
    """The water: the shore mirrored, broken by ripples that grow toward the viewer, and the sun's path."""
    depth = H - WATERLINE
    mirror = picture.crop((0, 0, W, WATERLINE)).transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    mirror = (
        mirror.resize((W, int(WATERLINE * 0.86))).crop((0, 0, W, depth)).filter(ImageFilter.GaussianBlur(2))
    )
    surface = Image.new("RGB", (W, depth))
    for y in range(0, depth, 2):
        near = y / depth
        swing = (4 + 34 * near) * math.sin(y * 0.30 / (1 + 2.6 * near) + 2.1 * math.sin(y * 0.021))
        shift = int(swing + random.uniform(-6, 6) * near)
        row = mirror.crop((0, y, W, y + 2))
        surface.paste(row, (shift, y))
        surface.paste(row, (shift - W if shift > 0 else shift + W, y))
    surface = surface.filter(ImageFilter.GaussianBlur(3))
    surface = ImageChops.multiply(surface, ramp(DEPTH, (W, depth)))
    surface = Image.blend(surface, Image.new("RGB", (W, depth), (44, 52, 84)), 0.16)

    dark, light = Image.new("L", (W, depth)), Image.new("L", (W, depth))
    dark_pen, light_pen = ImageDraw.Draw(dark), ImageDraw.Draw(light)
    for _ in range(2600):
        near = random.random() ** 1.5
        y, x = near * depth, random.uniform(0, W)
        ripple(dark_pen if random.random() < 0.6 else light_pen, x, y, near, random.randint(24, 74))
    for _ in range(1500):
        near = random.random() ** 1.15
        spread = 46 + 250 * near
        x = random.gauss(SUN[0], spread)
        ripple(
            light_pen,
            x,
            near * depth,
            near * 0.62,
            int(240 * math.exp(-(((x - SUN[0]) / spread / 1.5) ** 2))),
        )
    surface.paste((30, 34, 62), (0, 0), dark.filter(ImageFilter.GaussianBlur(2)))
    surface.paste((255, 214, 158), (0, 0), light.filter(ImageFilter.GaussianBlur(1.6)))

    whole = picture.copy()
    whole.paste(surface, (0, WATERLINE))
    shoreline = Image.new("L", (W, H))
    ImageDraw.Draw(shoreline).rectangle((0, WATERLINE - 3, W, WATERLINE + 5), fill=120)
    whole.paste((255, 204, 160), (0, 0), shoreline.filter(ImageFilter.GaussianBlur(4)))
    return whole


def ripple(pen: Pen, x: float, y: float, near: float, light: int) -> None:
    """One flat crest, longer and thicker the nearer it is."""
    length, thick = 14 + 120 * near, 1 + 3.6 * near
    pen.ellipse((x - length, y - thick, x + length, y + thick), fill=light)


def afloat(picture: Image.Image, boat: Callable[[Pen], None], line: int) -> Image.Image:
    """The picture with a boat that floats on the row `line`, and below that row its broken reflection."""
    layer = Image.new("RGBA", (W, H))
    boat(ImageDraw.Draw(layer))
    above = layer.crop((0, 0, W, line)).transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    above = above.resize((W, int(line * 0.72)))
    broken = Image.new("RGBA", (W, H))
    for y in range(0, min(above.height, H - line), 3):
        shift = int((3 + y * 0.03) * math.sin(y * 0.17))
        broken.paste(above.crop((0, y, W, y + 3)), (shift, line + y))
    broken = broken.filter(ImageFilter.GaussianBlur(3))
    broken.putalpha(broken.getchannel("A").point(lambda a: int(a * 0.58)))
    picture = Image.alpha_composite(picture.convert("RGBA"), broken)
    return Image.alpha_composite(picture, layer).convert("RGB")


def freighter(pen: Pen, x: int, line: int, random: Random) -> None:
    """A laden container ship riding at anchor, bow to the right."""
    deck = line - 62
    hull = [
        (x, deck),
        (x + 760, deck),
        (x + 792, deck - 30),
        (x + 834, deck - 30),
        (x + 792, line),
        (x + 26, line),
    ]
    palette = ((146, 78, 74), (70, 84, 120), (164, 114, 78), (84, 70, 100), (60, 94, 108))
    for column in range(9):
        for level in range(random.choice((3, 4, 4, 5))):
            left, top = x + 168 + column * 64, deck - 27 * (level + 1)
            colour = mix(random.choice(palette), NIGHT, 0.36)
            pen.rectangle((left, top, left + 61, top + 25), fill=colour)
            pen.line((left, top, left + 61, top), fill=mix(colour, (255, 190, 140), 0.45), width=2)
            for rib in range(9, 60, 9):
                pen.line((left + rib, top + 4, left + rib, top + 22), fill=mix(colour, NIGHT, 0.3))
    pen.polygon(hull, fill=(38, 32, 50))
    pen.polygon(
        [(x + 12, line - 16), (x + 798, line - 16), (x + 792, line), (x + 26, line)], fill=(98, 50, 56)
    )
    pen.line((x, deck, x + 760, deck), fill=(150, 104, 104), width=3)
    pen.rectangle((x + 34, deck - 176, x + 138, deck), fill=(66, 58, 78))
    pen.rectangle((x + 20, deck - 196, x + 152, deck - 172), fill=(82, 70, 88))
    pen.rectangle((x + 54, deck - 250, x + 84, deck - 196), fill=(92, 52, 60))
    pen.line((x + 112, deck - 196, x + 112, deck - 268), fill=NIGHT, width=4)
    for y in range(deck - 160, deck - 10, 30):
        for left in range(x + 44, x + 130, 18):
            pen.rectangle((left, y, left + 8, y + 10), fill=mix(LAMP, SHORE, 0.12))
    for left in range(x + 30, x + 144, 15):
        pen.rectangle((left, deck - 190, left + 10, deck - 179), fill=(255, 226, 170))
    pen.line((x + 806, deck - 28, x + 806, deck - 84), fill=NIGHT, width=4)


def tug(pen: Pen, x: int, line: int) -> None:
    """A harbour tug under way toward the ship at anchor."""
    ink = (32, 28, 46)
    pen.polygon(
        [(x - 14, line - 54), (x + 64, line - 34), (x + 190, line - 34), (x + 184, line), (x + 8, line)], ink
    )
    pen.line((x - 12, line - 48, x + 188, line - 28), fill=(150, 92, 84), width=4)
    pen.rectangle((x + 44, line - 80, x + 128, line - 32), fill=(94, 74, 86))
    pen.polygon(
        [(x + 52, line - 114), (x + 108, line - 114), (x + 116, line - 80), (x + 46, line - 80)],
        (116, 90, 98),
    )
    for left in (x + 56, x + 74, x + 92):
        pen.rectangle((left, line - 108, left + 12, line - 92), fill=(255, 222, 160))
    pen.rectangle((x + 124, line - 104, x + 142, line - 34), fill=(112, 56, 58))
    pen.line((x + 82, line - 114, x + 82, line - 168), fill=ink, width=4)
    pen.ellipse(around((x + 82, line - 166), 5, 5), fill=(255, 240, 200))
    pen.polygon([(x - 26, line + 2), (x + 10, line - 12), (x + 60, line + 2)], fill=(206, 164, 156))
    pen.polygon(
        [(x + 150, line + 2), (x + 186, line - 6), (x + 330, line + 1), (x + 330, line + 3)], (186, 146, 148)
    )


def sailing_boat(pen: Pen, x: int, line: int) -> None:
    """A lateen-rigged boat making for shelter."""
    ink = (34, 28, 44)
    pen.polygon([(x - 128, line - 40), (x + 134, line - 46), (x + 92, line), (x - 88, line)], fill=ink)
    pen.line((x - 124, line - 36, x + 130, line - 42), fill=(156, 96, 84), width=4)
    peak, tack, clew = (x - 58, line - 400), (x + 116, line - 74), (x - 112, line - 78)
    pen.line((x + 16, line - 40, x + 16, line - 300), fill=ink, width=7)
    leech = curve(peak, (x - 120, line - 240), clew)
    foot = curve(clew, (x, line - 54), tack)
    pen.polygon([*leech, *foot], fill=(214, 146, 122))
    pen.polygon([peak, *curve(peak, (x - 6, line - 220), (x + 8, line - 68)), tack], fill=(238, 178, 138))
    pen.line((*tack, *peak), fill=ink, width=7)
    pen.line((*clew, x - 96, line - 42), fill=ink, width=2)
    person(pen, x - 78, line - 38, 50)


def fishing_boat(pen: Pen, x: int, line: int) -> None:
    """A small boat rowed home by two fishermen, nearest of all and so darkest."""
    ink = (22, 20, 34)
    hull = [
        (x - 190, line - 70),
        (x - 120, line - 44),
        (x + 130, line - 44),
        (x + 196, line - 78),
        (x + 140, line),
    ]
    for seat in (x - 62, x + 60):
        person(pen, seat, line - 34, 92)
        pen.line((seat + 6, line - 84, seat + 46, line - 70), fill=ink, width=9)
        pen.line((seat + 56, line - 82, seat - 54, line + 6), fill=ink, width=5)
        pen.line((seat - 30, line - 14, seat - 58, line + 9), fill=ink, width=10)
    pen.polygon([*hull, (x - 136, line)], fill=ink)
    pen.line(
        ((x - 184, line - 62), (x - 118, line - 36), (x + 130, line - 36), (x + 188, line - 68)),
        (150, 84, 72),
        5,
    )
    pen.line((x + 152, line - 50, x + 152, line - 176), fill=ink, width=6)
    pen.ellipse(around((x + 152, line - 178), 8, 8), fill=(255, 226, 166))


def person(pen: Pen, x: int, foot: int, height: int) -> None:
    """Somebody seen as a silhouette from the knees up, leaning a little forward."""
    ink, unit = (22, 20, 34), height / 10
    pen.ellipse(around((x + unit * 0.7, foot - unit * 8.6), unit * 1.15, unit * 1.35), fill=ink)
    shoulders = [
        (x - unit * 1.5, foot - unit * 6.0),
        (x - unit * 0.6, foot - unit * 7.0),
        (x + unit * 1.1, foot - unit * 7.0),
    ]
    pen.polygon(
        [*shoulders, (x + unit * 1.9, foot - unit * 6.0), (x + unit * 1.6, foot), (x - unit * 2.2, foot)], ink
    )


def quay(picture: Image.Image) -> None:
    """The near quay in the corner, with bollards, a slack mooring rope and one lamp."""
    pen = ImageDraw.Draw(picture)
    ink, edge = (16, 16, 28), (122, 82, 86)
    pen.polygon([(2260, H), (2520, 1650), (W, 1606), (W, H)], fill=ink)
    pen.line((2520, 1650, W, 1606), fill=edge, width=5)
    pen.line((2520, 1650, 2260, H), fill=(60, 48, 62), width=5)
    for x, y in ((2640, 1650), (2960, 1628)):
        pen.polygon([(x - 26, y), (x - 20, y - 64), (x + 20, y - 64), (x + 26, y)], fill=ink)
        pen.rounded_rectangle((x - 36, y - 92, x + 36, y - 60), 15, fill=ink)
        pen.line((x - 30, y - 90, x + 30, y - 90), fill=edge, width=4)
    rope = curve((2640, 1590), (2800, 1716), (2960, 1566))
    pen.line(rope, fill=ink, width=11)
    pen.line([(x, y - 4) for x, y in rope], fill=(92, 66, 72), width=3)
    pen.line((3090, 1622, 3090, 1130), fill=ink, width=13)
    pen.arc((2990, 1080, 3092, 1180), 180, 360, fill=ink, width=10)
    pen.polygon([(2968, 1136), (3018, 1136), (3008, 1120), (2978, 1120)], fill=ink)
    lamp(picture, (2993, 1144), 17)


def gulls(picture: Image.Image) -> None:
    """A few gulls flying in from the sea."""
    pen = ImageDraw.Draw(picture)
    for x, y, span, tilt in ((2440, 420, 60, 8), (2570, 492, 42, -5), (2330, 520, 34, 4), (2690, 396, 28, 3)):
        left = curve((x - span, y - span * 0.18 + tilt), (x - span * 0.45, y - span * 0.62), (x, y))
        right = curve((x, y), (x + span * 0.45, y - span * 0.66), (x + span, y - span * 0.24 - tilt))
        pen.line([*left, *right], fill=(34, 30, 50), width=max(4, span // 9), joint="curve")


def finish(picture: Image.Image, random: Random) -> Image.Image:
    """Scales down, darkens the corners and adds a fine grain, without which the JPEG bands the sky."""
    picture = picture.resize(SIZE, Image.Resampling.LANCZOS)
    corners = (
        Image.radial_gradient("L").resize(SIZE, Image.Resampling.BICUBIC).point(lambda v: 255 - int(v * 0.20))
    )
    picture = ImageChops.multiply(picture, Image.merge("RGB", (corners,) * 3))
    noise = Image.frombytes("L", SIZE, random.randbytes(SIZE[0] * SIZE[1])).point(
        lambda v: 125 + v * 6 // 255
    )
    return ImageChops.add(picture, Image.merge("RGB", (noise,) * 3), scale=1, offset=-128)


def lamp(picture: Image.Image, at: tuple[float, float], radius: int, colour: Colour = LAMP) -> None:
    """A light with its halo."""
    reach = radius * 7
    halo = Image.new("L", (reach * 2, reach * 2))
    pen = ImageDraw.Draw(halo)
    pen.ellipse(around((reach, reach), radius * 2.6, radius * 2.6), fill=120)
    halo = halo.filter(ImageFilter.GaussianBlur(radius * 1.7))
    pen = ImageDraw.Draw(halo)
    pen.ellipse(around((reach, reach), radius * 0.9, radius * 0.9), fill=255)
    picture.paste(colour, (int(at[0] - reach), int(at[1] - reach)), halo)


def ramp(stops: Stops, size: tuple[int, int]) -> Image.Image:
    """A vertical gradient through `stops` (position from 0 at the top to 1 at the bottom, colour)."""
    column = Image.new("RGB", (1, size[1]))
    for y in range(size[1]):
        at = y / (size[1] - 1)
        above = max((s for s in stops if s[0] <= at), key=lambda s: s[0])
        below = min((s for s in stops if s[0] >= at), key=lambda s: s[0])
        part = 0.0 if above[0] == below[0] else (at - above[0]) / (below[0] - above[0])
        column.putpixel((0, y), mix(above[1], below[1], part))
    return column.resize(size, Image.Resampling.NEAREST)


def mix(first: Colour, second: Colour, part: float) -> Colour:
    """The colour `part` of the way (0 to 1) from `first` to `second`."""
    red, green, blue = (round(a + (b - a) * part) for a, b in zip(first, second, strict=True))
    return red, green, blue


def around(centre: tuple[float, float], across: float, down: float) -> tuple[float, float, float, float]:
    """The box of an ellipse from its centre and its two radii."""
    return centre[0] - across, centre[1] - down, centre[0] + across, centre[1] + down


def curve(
    start: tuple[float, float], pull: tuple[float, float], end: tuple[float, float]
) -> list[tuple[float, float]]:
    """Points of the quadratic Bézier curve from `start` to `end`, drawn toward `pull`."""
    points = []
    for step in range(25):
        t = step / 24
        points.append(
            (
                (1 - t) ** 2 * start[0] + 2 * t * (1 - t) * pull[0] + t**2 * end[0],
                (1 - t) ** 2 * start[1] + 2 * t * (1 - t) * pull[1] + t**2 * end[1],
            )
        )
    return points


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else OUT
    draw().save(target, quality=84, optimize=True, progressive=True)
