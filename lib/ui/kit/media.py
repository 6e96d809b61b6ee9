"""Sample images to make a video from, drawn here so that nobody's picture is needed."""

from __future__ import annotations

import base64
import math
from functools import cache
from io import BytesIO

from PIL import Image, ImageDraw, ImageFilter

SIZE = (960, 540)
Color = tuple[int, int, int]


def _sky(top: Color, bottom: Color) -> Image.Image:
    """A vertical gradient."""
    column = Image.new("RGB", (1, SIZE[1]))
    for y in range(SIZE[1]):
        share = y / SIZE[1]
        r, g, b = (round(a + (z - a) * share) for a, z in zip(top, bottom, strict=True))
        column.putpixel((0, y), (r, g, b))
    return column.resize(SIZE)


def _ridge(draw: ImageDraw.ImageDraw, height: float, wave: float, shift: float, color: Color) -> None:
    """A soft horizon: everything below a sum of two waves."""
    points = [
        (x, height + wave * math.sin(x / 170 + shift) + wave / 2 * math.sin(x / 60 + 2 * shift))
        for x in range(0, SIZE[0] + 8, 8)
    ]
    draw.polygon([(0, SIZE[1]), *points, (SIZE[0], SIZE[1])], fill=color)


def _dunes() -> Image.Image:
    image = _sky((250, 196, 120), (252, 236, 208))
    draw = ImageDraw.Draw(image)
    draw.ellipse((640, 90, 760, 210), fill=(255, 246, 222))
    for step, color in enumerate(((226, 160, 96), (201, 128, 72), (160, 92, 52))):
        _ridge(draw, 300 + 75 * step, 34, 1.3 * step, color)
    return image


def _harbour() -> Image.Image:
    image = _sky((18, 26, 62), (88, 70, 120))
    draw = ImageDraw.Draw(image)
    for x in range(0, SIZE[0], 60):
        top = 210 + (x * 7919) % 150
        draw.rectangle((x, top, x + 48, 400), fill=(24, 26, 48))
        for window in range(top + 14, 390, 26):
            draw.rectangle((x + 10, window, x + 18, window + 8), fill=(250, 214, 140))
    _ridge(draw, 400, 4, 0, (30, 40, 84))
    return image


def _stage() -> Image.Image:
    """A dancer in a spotlight."""
    image = _sky((14, 14, 24), (40, 22, 44))
    light = Image.new("RGB", SIZE)
    ImageDraw.Draw(light).polygon([(480, -20), (300, 470), (660, 470)], fill=(150, 120, 96))
    image = Image.blend(image, light.filter(ImageFilter.GaussianBlur(26)), 0.45)
    draw = ImageDraw.Draw(image)
    draw.ellipse((300, 440, 660, 500), fill=(150, 112, 92))
    draw.ellipse((462, 176, 498, 216), fill=(24, 16, 26))
    draw.polygon([(468, 214), (494, 214), (540, 380), (424, 380)], fill=(120, 24, 48))
    for limb in (
        ((470, 226), (410, 160)),
        ((492, 226), (560, 190)),
        ((468, 378), (450, 466)),
        ((500, 378), (548, 452)),
    ):
        draw.line(limb, fill=(24, 16, 26), width=11)
    return image


SAMPLES = {
    "Dancer on a stage": (_stage, "The dancer spins slowly in the spotlight, her dress flowing"),
    "Desert dunes": (_dunes, "The camera glides over the dunes while the sun rises"),
    "Harbour at night": (_harbour, "Lights flicker in the windows, waves roll gently in front of the city"),
}


@cache
def jpeg(name: str) -> bytes:
    out = BytesIO()
    SAMPLES[name][0]().save(out, "JPEG", quality=82)
    return out.getvalue()


def data_uri(content: bytes, kind: str = "image/jpeg") -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
