"""Pictures to make a video from: samples, so that nobody's is needed, and uploads, looked at before
anything is paid for them."""

from __future__ import annotations

import base64
from functools import cache
from io import BytesIO
from pathlib import Path

import streamlit as st
from PIL import Image
from streamlit.runtime.uploaded_file_manager import UploadedFile

SAMPLES = {  # by name: the file, and a prompt that fits
    "Dancer on a stage": ("dancer.jpg", "The dancer spins slowly in the spotlight, her dress flowing"),
    "Desert dunes": ("dunes.jpg", "The camera glides over the dunes while the sun rises"),
    "Harbour at night": (
        "harbour.jpg",
        "Lights flicker in the windows, waves roll gently in front of the city",
    ),
}
FORMATS = ("JPEG", "PNG", "WEBP")


@cache
def jpeg(name: str) -> bytes:
    return (Path(__file__).with_name("samples") / SAMPLES[name][0]).read_bytes()


def data_uri(content: bytes, kind: str = "image/jpeg") -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def uploaded_picture(file: UploadedFile) -> str:
    """As a data URI of what the file is, whatever its name says; empty, and told, when it is no picture."""
    content = file.getvalue()
    kind = _kind(content)
    if kind is None:
        st.error(
            "This file is not a JPEG, PNG or WebP picture, or it is damaged.", icon=":material/broken_image:"
        )
        return ""
    return data_uri(content, kind)


def _kind(content: bytes) -> str | None:
    try:
        with Image.open(BytesIO(content), formats=FORMATS) as picture:
            picture.load()
            return Image.MIME[picture.format or ""]
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):  # what Pillow's readers raise
        return None
