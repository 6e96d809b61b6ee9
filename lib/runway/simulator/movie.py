"""The videos the simulator makes: a slow pan over the prompt image, playable anywhere and quickly made."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lib.domain.pricing import frame_size
from lib.runway.simulator.picture import Fetch, task_picture
from lib.runway.simulator.schedule import StoredTask

FRAMES_PER_SECOND = 12
MARGIN = 1.12  # the picture is this much larger than the frame that pans over it
_one_at_a_time = threading.Lock()


def ensure_movie(task: StoredTask, path: Path, fetch: Fetch) -> None:
    """Makes the file unless it is there; complete or not at all."""
    with _one_at_a_time:
        if path.exists():
            return
        width, height = size = frame_size(task.ratio)
        picture = task_picture(task, (int(width * MARGIN) // 4 * 4, int(height * MARGIN) // 4 * 4), fetch)
        unfinished = path.with_suffix(f".{os.getpid()}")
        _write(picture, size, task.duration, unfinished)
        unfinished.replace(path)


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
