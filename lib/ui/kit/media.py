"""Sample images to make a video from, so that nobody's picture is needed."""

from __future__ import annotations

import base64
from functools import cache
from pathlib import Path

SAMPLES = {  # by name: the file, and a prompt that fits
    "Dancer on a stage": ("dancer.jpg", "The dancer spins slowly in the spotlight, her dress flowing"),
    "Desert dunes": ("dunes.jpg", "The camera glides over the dunes while the sun rises"),
    "Harbour at night": (
        "harbour.jpg",
        "Lights flicker in the windows, waves roll gently in front of the city",
    ),
}


@cache
def jpeg(name: str) -> bytes:
    return (Path(__file__).with_name("samples") / SAMPLES[name][0]).read_bytes()


def data_uri(content: bytes, kind: str = "image/jpeg") -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
