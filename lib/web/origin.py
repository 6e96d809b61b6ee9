"""Under which names Dailies answers, and which pages may talk to it.

A page of somebody else's that is open in the same browser reaches this machine as well as its owner does:
from another port, or under a host name that it has pointed here. What tells them apart is what the browser
says of itself: `Host`, `Origin` and `Sec-Fetch-Site`, which no page can forge.
"""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import Scope

from lib.domain.address import host_and_port, host_name, is_loopback, plain_address
from lib.operations.access import Access
from lib.web.replies import Refused

SAFE = ("GET", "HEAD", "OPTIONS")
# Programs call these, which send no Origin. Whatever they change takes a secret of its own.
FOR_PROGRAMS = ("/api", "/metrics")
_DEFAULT_PORTS = ("", "80", "443")


class Origins:
    """The hosts that are ours: this machine's own names, those of the settings, and the address of this
    machine that a connection came in on. Numbers, unlike names, cannot be pointed elsewhere."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def refuse_foreign(self, scope: Scope) -> None:
        """Raises Refused for what a page of somebody else's asks, or asks under a name that is not ours."""
        headers = Headers(scope=scope)
        if self._access.only_here and not _came_from_here(scope):
            todo = "Start it with `python -m lib run --address …`."
            raise Refused(403, "only_here", f"Dailies was started for this machine only. {todo}")
        host = headers.get("host", "")
        if not self._is_ours(host, scope):
            todo = "Name it in DAILIES_URL or DAILIES_HOSTS."
            raise Refused(421, "foreign_host", f"Dailies does not answer under this host name. {todo}")
        origin = headers.get("origin")
        is_safe = scope["type"] == "http" and scope["method"] in SAFE
        if origin is None and not is_safe and not scope["path"].startswith(FOR_PROGRAMS):
            raise Refused(403, "no_origin", "Send an Origin: only pages of Dailies may do this.")
        if origin is not None and not _same_host(origin, host):
            raise Refused(403, "foreign_origin", "A page of another origin may not do this.")
        is_foreign = headers.get("sec-fetch-site") in ("cross-site", "same-site")
        if is_foreign and not _is_followed_link(scope, headers):
            raise Refused(403, "foreign_site", "A page of another site may link here and no more.")

    def _is_ours(self, host: str, scope: Scope) -> bool:
        name = host_name(host)
        if name is None:
            return False
        if is_loopback(name) or name in self._access.hosts:
            return True
        return scope.get("server") is not None and name == plain_address(str(scope["server"][0]))


def _came_from_here(scope: Scope) -> bool:
    """By the address that the connection came in on; a socket in the file system has none."""
    server = scope.get("server")
    return server is None or server[1] is None or is_loopback(str(server[0]))


def _same_host(origin: str, host: str) -> bool:
    """An origin without a host, such as `null`, is nobody's."""
    scheme, _, netloc = origin.partition("://")
    ours = _with_port(host)
    return scheme in ("http", "https") and ours is not None and _with_port(netloc) == ours


def _with_port(host: str) -> tuple[str, str] | None:
    found = host_and_port(host)
    return found and (found[0], "" if found[1] in _DEFAULT_PORTS else found[1])


def _is_followed_link(scope: Scope, headers: Headers) -> bool:
    """Somebody followed a link, which shows a page to them and tells the other site nothing."""
    return (
        scope["type"] == "http"
        and scope["method"] == "GET"
        and headers.get("sec-fetch-mode") == "navigate"
        and headers.get("sec-fetch-dest") == "document"
        and not scope["path"].startswith((*FOR_PROGRAMS, "/auth/logout"))
    )
