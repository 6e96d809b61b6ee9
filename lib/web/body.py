"""Reading a request's body within limits, and proving who sent it."""

from __future__ import annotations

import gzip
import hashlib
import hmac
import io
import zlib

from starlette.requests import Request

from lib.errors import BadInput
from lib.web.replies import Refused

GZIP = b"\x1f\x8b"
PATIENCE = 4  # times the limit is read of a body that is too large


class TooLarge(Refused):
    """The body is too large."""

    def __init__(self, limit: int, *, hang_up: bool = False) -> None:
        super().__init__(413, "too_large", f"The body is larger than {limit >> 20} MB.")
        self.headers = {"connection": "close"} if hang_up else {}


async def read_body(request: Request, limit: int) -> bytes:
    """The body as it was sent. Counted while it comes in: a Content-Length may be missing, or lie.

    What is too large is still read for a while, without being kept, since most senders read no answer before
    they are done. Of one that goes on, the connection is closed.
    """
    body, size = bytearray(), 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= limit:
            body += chunk
        elif size > PATIENCE * limit:
            raise TooLarge(limit, hang_up=True)
        else:
            body.clear()
    if size > limit:
        raise TooLarge(limit)
    return bytes(body)


def inflate(body: bytes, limit: int) -> bytes:
    """The content of a gzip file, other bodies as they are. `limit` bounds the content: a few kilobytes can
    hold gigabytes. Raises Refused or BadInput."""
    if not body.startswith(GZIP):
        return body
    try:
        content = gzip.GzipFile(fileobj=io.BytesIO(body)).read(limit + 1)
    except EOFError as error:
        raise BadInput("The body is gzip that was cut off.") from error
    except (OSError, zlib.error) as error:
        raise BadInput(f"The body is damaged gzip: {error}.") from error
    if len(content) > limit:
        raise TooLarge(limit)
    return content


def is_signed(body: bytes, secret: str, signature: str) -> bool:
    """Whether `signature` is the hex HMAC-SHA1 of `body`, compared in constant time."""
    expected = hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()
    return same_secret(expected, signature)


def same_secret(expected: str, given: str) -> bool:
    """Compared in constant time; what was given may be any text."""
    return hmac.compare_digest(expected.encode(), given.encode(errors="replace"))


def bearer(request: Request) -> str:
    """The token of the Authorization header, empty without one."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
