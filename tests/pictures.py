"""Pictures that are kept, and how a new one is held against them.

Two pictures are alike when they look alike: both are averaged over cells of 4 by 4 pixels, which takes away how a
machine draws the edges of letters, and no more than two cells may then differ by more than a twentieth of white. A
part that moved by a pixel or got another colour differs in more. Proved in tests/unit/test_pictures.py.
"""

from __future__ import annotations

import io
import os
from pathlib import Path

from PIL import Image, ImageChops

from devtools.places import CHECKOUT

KEPT = CHECKOUT / "docs" / "pictures"
LEFT = CHECKOUT / "dist" / "pictures"
CELL = 4
DIFFERS = 14
CELLS_MAX = 2
COLOURS = 256
AREAS = 24
ROUNDS = 3
CLOSE = 8
RENEW = "If it is meant so, renew the pictures with `./dev test --pictures` and look at each one that changed."


def renewing() -> bool:
    """Whether `./dev test --pictures` draws the pictures anew."""
    return bool(os.environ.get("MAILROOM_PICTURES"))


def opened(png: bytes | Path) -> Image.Image:
    """A picture from a file or from what a browser gave."""
    with Image.open(png if isinstance(png, Path) else io.BytesIO(png)) as made:
        return made.convert("RGB")


def write(picture: Image.Image, file: Path) -> None:
    """Keep a picture, unless the one that is kept looks the same."""
    file.parent.mkdir(parents=True, exist_ok=True)
    if not file.exists() or differing(opened(file), picture):
        small(picture).save(file, optimize=True)


def small(picture: Image.Image) -> Image.Image:
    """The same with 256 colours: large areas keep theirs, edges come close. Or as it was, when they do not."""
    made = picture.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, kmeans=ROUNDS, dither=Image.Dither.NONE)
    palette = made.getpalette() or []
    entries = [tuple(palette[at : at + 3]) for at in range(0, len(palette), 3)]
    counted = sorted(picture.getcolors(picture.width * picture.height) or [], reverse=True)
    for _, colour in reversed(counted[:AREAS]):
        nearest = min(
            range(len(entries)), key=lambda at: sum((a - b) ** 2 for a, b in zip(entries[at], colour, strict=True))
        )
        entries[nearest] = colour
    made.putpalette([value for entry in entries for value in entry])
    return made if cells(picture, made.convert("RGB")).getextrema()[1] <= CLOSE else picture


def strongest(picture: Image.Image) -> Image.Image:
    """Of each pixel the greatest of its three values."""
    red, green, blue = picture.split()
    return ImageChops.lighter(ImageChops.lighter(red, green), blue)


def cells(expected: Image.Image, actual: Image.Image) -> Image.Image:
    """How far each cell differs, 0 to 255, as a picture of a quarter of the size."""
    return strongest(ImageChops.difference(expected.reduce(CELL), actual.reduce(CELL)))


def differing(expected: Image.Image, actual: Image.Image) -> int:
    """The number of cells that differ; all of them when the sizes do."""
    if expected.size != actual.size:
        return max(1, expected.width * expected.height // CELL**2)
    return sum(cells(expected, actual).histogram()[DIFFERS:])


def check(png: bytes, name: str) -> str:
    """Hold a new picture against the kept one; what is wrong, or nothing. When renewing, keep the new one."""
    actual, file = opened(png), KEPT / f"{name}.png"
    if renewing():
        write(actual, file)
        return ""
    if not file.exists():
        return f"{name}: there is no such picture. {RENEW}"
    expected = opened(file)
    count = differing(expected, actual)
    if count <= CELLS_MAX:
        return ""
    place = LEFT / name
    place.mkdir(parents=True, exist_ok=True)
    expected.save(place / "expected.png")
    actual.save(place / "actual.png")
    if expected.size == actual.size:
        bright = cells(expected, actual).point(lambda value: 255 if value >= DIFFERS else value * 4)
        bright.resize(actual.size, Image.Resampling.NEAREST).save(place / "difference.png")
        what = f"{count} places differ"
    else:
        what = f"the size was {expected.size} and is {actual.size}"
    return f"{name}: {what}; see {place.relative_to(CHECKOUT)}/. {RENEW}"


def stale(folder: str, names: set[str]) -> list[str]:
    """Kept pictures below docs/pictures/FOLDER that nobody takes any more. When renewing they are removed."""
    left = sorted(file for file in (KEPT / folder).glob("*.png") if file.stem not in names)
    if renewing():
        for file in left:
            file.unlink()
        return []
    return [str(file.relative_to(CHECKOUT)) for file in left]
