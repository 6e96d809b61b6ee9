"""The still picture a simulated video is made of."""

from __future__ import annotations

import base64
import binascii
import threading
from collections.abc import Callable
from hashlib import sha256
from io import BytesIO
from queue import Empty, SimpleQueue
from textwrap import wrap

import httpx
from PIL import Image, ImageDraw, ImageFont, ImageOps, UnidentifiedImageError

from lib.runway.simulator.schedule import StoredTask

FETCH_SECONDS = 1.0
IMAGE_LIMIT = 16 * 1024 * 1024
_UNREADABLE = (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError, SyntaxError)

Fetch = Callable[[str], bytes | None]


def task_picture(task: StoredTask, size: tuple[int, int], fetch: Fetch) -> Image.Image:
    """The prompt image cut to `size`, or a card with the prompt where there is none to be had."""
    if task.image.startswith("data:"):
        image = decode_data_uri(task.image)
    else:
        data = fetch(task.image) if task.image.startswith("https://") else None
        image = _opened(data) if data else None
    return ImageOps.fit(image, size) if image else _card(task, *size)


def decode_data_uri(uri: str) -> Image.Image | None:
    """The image in a data URI; None when there is none that can be read."""
    try:
        return _opened(base64.b64decode(uri.partition(",")[2], validate=True))
    except binascii.Error:
        return None


def fetch_image(url: str) -> bytes | None:
    """The body of an https address, or None: quickly, even where names do not resolve and nothing answers."""
    answer: SimpleQueue[bytes | None] = SimpleQueue()
    threading.Thread(target=lambda: answer.put(_get(url)), daemon=True).start()
    try:
        return answer.get(timeout=FETCH_SECONDS)
    except Empty:
        return None


def _get(url: str) -> bytes | None:
    try:
        with httpx.stream("GET", url, timeout=FETCH_SECONDS) as response:
            body = b""
            for piece in response.iter_bytes() if response.is_success else ():
                body += piece
                if len(body) > IMAGE_LIMIT:
                    return None
            return body
    except (httpx.HTTPError, httpx.InvalidURL):
        return None


def _opened(data: bytes) -> Image.Image | None:
    try:
        image = Image.open(BytesIO(data), formats=("JPEG", "PNG", "WEBP"))
        return ImageOps.exif_transpose(image).convert("RGB")
    except _UNREADABLE:
        return None


def _card(task: StoredTask, width: int, height: int) -> Image.Image:
    """A placeholder with the prompt on it, in colours of the task's own."""
    shade = sha256(task.id.encode()).digest()
    dark, light = ((shade[0] // 4, shade[1] // 4, shade[2] // 4), (shade[3] // 2, shade[4] // 2, shade[5]))
    gradient = ImageOps.colorize(Image.linear_gradient("L").resize((width, height)), dark, light)
    size = min(width, height) // 18
    lines = wrap(task.prompt, width=max(12, int(width / size * 1.5)))[:8] or ["No prompt"]
    ImageDraw.Draw(gradient).multiline_text(
        (width / 2, height / 2),
        "\n".join(lines),
        font=ImageFont.load_default(size),
        fill="white",
        anchor="mm",
        align="center",
    )
    return gradient
