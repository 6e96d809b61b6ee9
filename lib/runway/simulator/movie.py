"""The videos the simulator makes: a slow pan over the prompt image, playable anywhere and quickly made."""

from __future__ import annotations

import base64
import binascii
import os
import threading
from collections.abc import Callable, Iterator
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from queue import Empty, SimpleQueue
from textwrap import wrap

import av
import httpx
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont, ImageOps, UnidentifiedImageError

from lib.domain.pricing import frame_size
from lib.runway.simulator.schedule import StoredTask

FRAMES_PER_SECOND = 12
MARGIN = 1.12  # the picture is this much larger than the frame that pans over it
FETCH_SECONDS = 1.0
IMAGE_LIMIT = 16 * 1024 * 1024
_UNREADABLE = (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError, SyntaxError)

Fetch = Callable[[str], bytes | None]
_one_at_a_time = threading.Lock()


def ensure_movie(task: StoredTask, path: Path, fetch: Fetch) -> None:
    """Makes the file unless it is there; complete or not at all."""
    with _one_at_a_time:
        if path.exists():
            return
        unfinished = path.with_suffix(f".{os.getpid()}")
        _write(_picture(task, fetch), frame_size(task.ratio), task.duration, unfinished)
        unfinished.replace(path)


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


def _picture(task: StoredTask, fetch: Fetch) -> Image.Image:
    width, height = (int(side * MARGIN) // 4 * 4 for side in frame_size(task.ratio))
    if task.image.startswith("data:"):
        image = decode_data_uri(task.image)
    else:
        data = fetch(task.image) if task.image.startswith("https://") else None
        image = _opened(data) if data else None
    return ImageOps.fit(image, (width, height)) if image else _card(task, width, height)


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


def _write(picture: Image.Image, size: tuple[int, int], seconds: int, path: Path) -> None:
    with av.open(path, "w", format="mp4", options={"movflags": "faststart"}) as container:
        stream = container.add_stream(
            "libx264", rate=FRAMES_PER_SECOND, options={"preset": "ultrafast", "crf": "30"}
        )
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for frame in _pan(picture, size, seconds * FRAMES_PER_SECOND):
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def _pan(picture: Image.Image, size: tuple[int, int], frames: int) -> Iterator[av.VideoFrame]:
    """Windows of `size` from the top left to the bottom right, cut out of the picture's planes.

    Converting the picture once, instead of every frame, is what makes this quick.
    """
    width, height = size
    planes = _planes(picture)
    for n in range(frames):
        x, y = (
            round((big - small) * n / (frames - 1) / 2) * 2
            for big, small in zip(picture.size, size, strict=True)
        )
        window = [
            plane[y // scale : (y + height) // scale, x // scale : (x + width) // scale].ravel()
            for plane, scale in zip(planes, (1, 2, 2), strict=True)
        ]
        yield av.VideoFrame.from_ndarray(
            np.concatenate(window).reshape(height * 3 // 2, width), format="yuv420p"
        )


def _planes(picture: Image.Image) -> list[NDArray[np.uint8]]:
    """Y, U and V; the latter two at half the size."""
    width, height = picture.size
    rgb = av.VideoFrame.from_ndarray(np.asarray(picture), format="rgb24")
    yuv = rgb.reformat(format="yuv420p").to_ndarray().astype(np.uint8, copy=False)
    quarter = height // 4
    return [
        yuv[:height],
        yuv[height : height + quarter].reshape(height // 2, width // 2),
        yuv[height + quarter :].reshape(height // 2, width // 2),
    ]
