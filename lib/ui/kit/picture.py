"""A picture that somebody uploads, looked at before anything is paid for it."""

from __future__ import annotations

from io import BytesIO

import streamlit as st
from PIL import Image
from streamlit.runtime.uploaded_file_manager import UploadedFile

from lib.ui.kit.media import data_uri

FORMATS = ("JPEG", "PNG", "WEBP")


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
