"""Paths below a page's. Streamlit answers them with its page, which names its scripts relative to it: the
browser looks for them in a folder that is none, and shows nothing at all."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import quote

from starlette.datastructures import Headers
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

# Streamlit's and our own, wherever they stand: its browser side asks below a page's address, too. `~` is
# where Streamlit Community Cloud shows an app.
_NO_PAGES = frozenset(("static", "media", "component", "_stcore", "auth", "api", "~"))


class Nested:
    """Leads such a path to the page it begins with, one of `pages`, else to the root. `folder`: below which
    Streamlit serves everything (`server.baseUrlPath`)."""

    def __init__(self, app: ASGIApp, pages: Collection[str], folder: str = "") -> None:
        self._app = app
        self._pages = pages
        self._folder = [segment for segment in folder.split("/") if segment]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        target = self._target(scope)
        if target is None:
            await self._app(scope, receive, send)
        else:
            await RedirectResponse(target, 303)(scope, receive, send)

    def _target(self, scope: Scope) -> str | None:
        """Relative, so that it holds behind a proxy that takes a folder away; by the path as it was sent, as
        a browser counts no slash that is written as %2F."""
        if scope["type"] != "http" or scope["method"] != "GET":
            return None
        if "text/html" not in Headers(scope=scope).get("accept", ""):
            return None
        path = (scope.get("raw_path") or quote(scope["path"]).encode()).decode("latin-1")
        segments, above = [segment for segment in path.split("/") if segment], len(self._folder)
        if segments[:above] != self._folder:
            return None
        segments = segments[above:]
        if len(segments) < 2 or not _NO_PAGES.isdisjoint(segments):
            return None
        page = segments[0] if segments[0] in self._pages else ""
        query = scope["query_string"].decode("latin-1")
        return "../" * (path.count("/") - 1 - above) + page + (f"?{query}" if query else "")
