"""What counts as the same picture: noise does, a part that moved or was recoloured does not."""

from __future__ import annotations

import random

from PIL import Image, ImageDraw

import pictures

SIZE = (200, 80)


def drawn(left: int = 20, colour: str = "#006dcc", shade: int = 0) -> Image.Image:
    """A button with something like letters on it. shade: how much darker the edges of the letters are."""
    made = Image.new("RGB", SIZE, "#ffffff")
    pen = ImageDraw.Draw(made)
    pen.rounded_rectangle((left, 20, left + 80, 48), 14, fill=colour)
    for letter in range(6):
        x = left + 12 + letter * 10
        pen.line((x, 28, x, 40), fill="#ffffff")
        pen.line((x + 1, 28, x + 1, 40), fill=(120 - shade, 160 - shade, 230 - shade))
    return made


def test_edges_of_letters_may_be_drawn_otherwise() -> None:
    assert pictures.differing(drawn(), drawn(shade=30)) <= pictures.CELLS_MAX


def test_noise_is_no_difference() -> None:
    noisy = drawn()
    chance = random.Random(1)
    for x in range(SIZE[0]):
        for y in range(SIZE[1]):
            old = noisy.getpixel((x, y))
            noisy.putpixel((x, y), tuple(max(0, min(255, value + chance.randint(-12, 12))) for value in old))
    assert pictures.differing(drawn(), noisy) <= pictures.CELLS_MAX


def test_a_part_that_moved_by_one_pixel_is_a_difference() -> None:
    assert pictures.differing(drawn(), drawn(left=21)) > pictures.CELLS_MAX


def test_another_colour_is_a_difference() -> None:
    assert pictures.differing(drawn(), drawn(colour="#0060b5")) > pictures.CELLS_MAX


def test_another_size_is_a_difference() -> None:
    assert pictures.differing(drawn(), drawn().crop((0, 0, 199, 80))) > pictures.CELLS_MAX


def test_what_is_kept_is_still_the_same_picture(tmp_path) -> None:  # type: ignore[no-untyped-def]
    pictures.write(drawn(), tmp_path / "one.png")
    assert pictures.opened(tmp_path / "one.png").getpixel((60, 24)) == drawn().getpixel((60, 24))
    assert pictures.differing(pictures.opened(tmp_path / "one.png"), drawn()) == 0
