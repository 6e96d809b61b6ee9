"""Streamlit's built scripts: those that a page shows itself with are named in its head, before the browser
finds them one behind the other, and sent from memory, packed once. Large ones are not named: read at the same
time they cost what stands first up to 80 ms, and what they draw stands no sooner for it."""

from __future__ import annotations

import gzip
import json
import logging
from collections.abc import Mapping, Sequence
from functools import cached_property
from html import escape
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

ENTRY = "index.html"
LARGE = 1 << 20  # bytes; to run such a script takes the browser as long as all the rest of a page
_WAITS = b"await globalThis.dailiesShown;\n"  # of own_script.js
_TYPES = {".js": "text/javascript", ".css": "text/css"}
_HEADERS = {"cache-control": "public, immutable, max-age=31536000", "vary": "accept-encoding"}
logger = logging.getLogger(__name__)


def streamlit_folder() -> Path:
    """Where the installed Streamlit keeps what it sends to browsers."""
    package = find_spec("streamlit")
    assert package is not None
    assert package.origin is not None
    return Path(package.origin).parent / "static"


class Built:
    """`shown`: for each page the elements it shows at once, by the names of their scripts.

    What the manifest of the build does not know is not named, and is sent by Streamlit as ever.
    """

    def __init__(self, folder: Path, shown: Mapping[str, Sequence[str]]) -> None:
        self._folder = folder
        self._shown = shown
        self._packed: dict[str, bytes] = {}

    @cached_property
    def _parts(self) -> Mapping[str, Mapping[str, Any]]:
        """Of the build, by key: `file`, `name`, keys of `imports`, files of `css`."""
        try:
            return dict(json.loads((self._folder / "manifest.json").read_bytes()))
        except (OSError, ValueError, TypeError) as error:
            logger.warning("Pages open slower: the manifest of Streamlit's scripts cannot be read. %s", error)
            return {}

    def _reach(self, keys: Sequence[str]) -> list[str]:
        """The parts and all that they import, each once."""
        found: dict[str, None] = {}

        def follow(key: str) -> None:
            if key in self._parts and key not in found:
                found[key] = None
                for other in self._parts[key].get("imports", ()):
                    follow(other)

        for key in keys:
            follow(key)
        return list(found)

    @cached_property
    def _entry(self) -> list[str]:
        return self._reach([ENTRY])

    @cached_property
    def _elements(self) -> dict[str, str]:
        """The parts that the entry loads once they are needed, by name."""
        keys = self._parts.get(ENTRY, {}).get("dynamicImports", ())
        return {str(self._parts[key].get("name")): key for key in keys if key in self._parts}

    def before(self, page: str) -> list[str]:
        """The files that a page needs beyond those which Streamlit's own page names, large ones too."""
        wanted = [self._elements[name] for name in self._shown.get(page, ()) if name in self._elements]
        return self._files([key for key in self._reach(wanted) if key not in self._entry])

    def _files(self, keys: Sequence[str]) -> list[str]:
        parts = (self._parts[key] for key in keys)
        return [file for part in parts for file in (part["file"], *part.get("css", ()))]

    def links(self, page: str) -> bytes:
        """For the head of the page."""
        return self._links.get(page, b"")

    @cached_property
    def _links(self) -> dict[str, bytes]:
        return {page: "".join(map(_link, self._named(page))).encode() for page in self._shown}

    def _named(self, page: str) -> list[str]:
        return [file for file in self.before(page) if not self._is_large(file)]

    def _is_large(self, file: str) -> bool:
        path = self._folder / file
        return path.suffix == ".js" and path.is_file() and path.stat().st_size > LARGE

    def pack(self) -> None:
        """Takes about a second. Until it is done, Streamlit sends them."""
        every = self._files(self._entry) + [file for page in self._shown for file in self.before(page)]
        for file in dict.fromkeys(every):
            path = self._folder / file
            if path.suffix in _TYPES and path.is_file():
                body = path.read_bytes()
                waits = _WAITS if self._is_large(file) else b""
                self._packed[f"/{file}"] = gzip.compress(waits + body, 6, mtime=0)

    def packed(self, path: str) -> bytes | None:
        return self._packed.get(path)


def _link(file: str) -> str:
    kind = 'rel="preload" as="style"' if file.endswith(".css") else 'rel="modulepreload"'
    return f'<link {kind} crossorigin href="./{escape(file)}">'


class Packed:
    """Answers with what is packed; all else is passed on. Whatever of the build comes plain says that it may
    come packed, or a cache between would hand it to everybody."""

    def __init__(self, app: ASGIApp, built: Built) -> None:
        self._app = app
        self._built = built

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = None
        if scope["type"] == "http" and scope["method"] == "GET" and _takes_gzip(scope):
            body = self._built.packed(scope["path"])
        if body is None:
            is_built = scope["type"] == "http" and scope["path"].startswith("/static/")
            await self._app(scope, receive, _varying(send) if is_built else send)
            return
        kind = _TYPES[Path(scope["path"]).suffix]
        headers = {**_HEADERS, "content-encoding": "gzip"}
        await Response(body, media_type=kind, headers=headers)(scope, receive, send)


def _varying(send: Send) -> Send:
    async def varied(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).add_vary_header("accept-encoding")
        await send(message)

    return varied


def _takes_gzip(scope: Scope) -> bool:
    """Named, or meant by `*`, with a weight that is not 0."""
    headers = Headers(scope=scope)
    weights = {}
    for part in headers.get("accept-encoding", "").lower().split(","):
        coding, _, weight = part.partition(";")
        weights[coding.strip()] = weight.strip().removeprefix("q=") or "1"
    weight = weights.get("gzip", weights.get("*", "0"))
    return weight.strip("0.") != "" and "range" not in headers
