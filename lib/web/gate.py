"""Sign-in: nothing of a page, and no websocket, before somebody with a role has signed in.

Streamlit signs people in and keeps who they are in a signed cookie. This is what makes it a gate: it looks at
the cookie before anything of Streamlit's runs, ends a sign-in for good when somebody signs out, and sends the
cookie over https only, where there is one.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from urllib.parse import quote, unquote

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lib.domain.access import Claims, Role
from lib.operations.access import Access
from lib.web.replies import Refused, refuse

SIGN_IN, SIGN_OUT = "/sign-in", "/auth/logout"
# The way in and back, open to everybody; and what answers nothing without a secret but its state.
OPEN = ("/auth/login", "/oauth2callback", SIGN_OUT)
OWN_SECRET = ("/api/", "/metrics")
_COOKIES = ("_streamlit_user", "_streamlit_user_tokens", "_streamlit_session")
_BACK = "dailies_back"  # the page that somebody asked for before they signed in

ClaimsOf = Callable[[Mapping[str, str]], Claims | None]
WaysIn = Callable[[], Mapping[str, str]]


class Gate:
    def __init__(
        self, app: ASGIApp, access: Access, claims_of: ClaimsOf, ways_in: WaysIn, *, is_https: bool
    ) -> None:
        """`claims_of` reads the cookies of a request, `ways_in` gives each provider's address of the moment;
        `is_https` where the dashboard's own address is, whatever the proxy before it talks."""
        self._app = app
        self._access = access
        self._claims_of = claims_of
        self._ways_in = ways_in
        self._is_https = is_https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or not self._access.needs_sign_in:
            await self._app(scope, receive, send)
            return
        path = scope["path"]
        if path.startswith(OWN_SECRET):
            await self._app(scope, receive, send)
            return
        claims = self._claims_of(HTTPConnection(scope).cookies)
        person = self._access.person(claims)
        if path == SIGN_OUT and claims:
            self._access.sign_out(claims)
        if path in OPEN:
            await self._app(scope, receive, self._keeping(send))
        elif path.startswith(f"{SIGN_IN}/"):
            leads_to = self._ways_in().get(path.removeprefix(f"{SIGN_IN}/"), "/")
            await RedirectResponse(leads_to, 303)(scope, receive, send)
        elif person is not None and person.role >= Role.VIEWER:
            back = unquote(HTTPConnection(scope).cookies.get(_BACK, ""))
            if path == "/" and back.startswith("/") and scope["type"] == "http":
                await _returned(back)(scope, receive, send)
            else:
                await self._app(scope, receive, self._keeping(send))
        elif scope["type"] == "http" and "text/html" in Headers(scope=scope).get("accept", ""):
            name = person.name if person else None
            await self._page(scope, name)(scope, receive, send)
        else:
            await refuse(Refused(403 if person else 401, "sign_in", "Sign in first."), scope, receive, send)

    def _page(self, scope: Scope, name: str | None) -> Response:
        """Where to sign in; for somebody (`name`) without a role, that they have none."""
        if name is None:
            by = {way: "" if way == "default" else f" with {html.escape(way)}" for way in self._ways_in()}
            links = "".join(
                f'<p><a href="{SIGN_IN}/{quote(way)}">Sign in{how}</a></p>' for way, how in by.items()
            )
            page = HTMLResponse(_PAGE.format("Sign in to look at the dailies.", links), 401)
            asked = quote(
                scope["path"]
                + (f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else "")
            )
            if scope["path"] != "/" and len(asked) < 2000:
                page.set_cookie(_BACK, asked, 600, httponly=True, samesite="lax", secure=self._is_https)
            return page
        said = f"{html.escape(name)} has no role here. Ask an admin of this dashboard for one."
        return HTMLResponse(_PAGE.format(said, f'<p><a href="{SIGN_OUT}">Sign out</a></p>'), 403)

    def _keeping(self, send: Send) -> Send:
        """The cookies that the answer sets, with what Streamlit leaves out."""
        age = round(self._access.max_age)

        async def kept(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                cookies = headers.getlist("set-cookie")
                del headers["set-cookie"]
                for cookie in cookies:
                    headers.append("set-cookie", _kept_cookie(cookie, age, is_https=self._is_https))
            await send(message)

        return kept


def _kept_cookie(cookie: str, age: int, *, is_https: bool) -> str:
    """No longer than a sign-in lasts, and over https only where there is one."""
    if not cookie.startswith(_COOKIES):
        return cookie
    parts = [part.strip() for part in cookie.split(";")]
    parts = [
        f"Max-Age={age}" if part.lower().startswith("max-age=") and part[8:] != "0" else part
        for part in parts
    ]
    parts = [part for part in parts if is_https is False or part.lower() != "secure"]
    return "; ".join([*parts, "Secure"] if is_https else parts)


def _returned(address: str) -> Response:
    """To a path of ours: a browser reads two slashes as another host."""
    answer = RedirectResponse("/" + address.lstrip("/\\"), 303)
    answer.delete_cookie(_BACK, httponly=True, samesite="lax")
    return answer


_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Dailies</title>
<meta name="viewport" content="width=device-width"><style>
:root {{ color-scheme: light dark }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 28rem; margin: 20vh auto; padding: 0 1rem }}
a {{ display: inline-block; padding: .5rem 1rem; border: 1px solid; border-radius: 7px }}
</style></head><body><h1>Dailies</h1><p>{}</p>{}</body></html>"""
