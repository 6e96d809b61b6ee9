"""Taking in what is signed with a secret, from senders who have proven nothing yet."""

from __future__ import annotations

import hashlib
import hmac
import zlib
from dataclasses import dataclass, field

import anyio
from starlette.requests import Request

from lib.errors import BadInput
from lib.web.replies import Refused

GZIP, GZIP_WINDOW = b"\x1f\x8b", 16 + zlib.MAX_WBITS
MEMBERS = 100  # of one gzip file
UNPROVEN = 32 << 20  # bytes that are unpacked to see what they prove
PATIENCE = 4  # times the limit is read of a body that is too large
SECONDS, BYTES_A_SECOND = 2.0, 128 << 10  # how long a body may take, and how fast it has to come after that
HANG_UP = {"connection": "close"}


class TooLarge(Refused):
    """The body is too large."""

    def __init__(self, limit: int, *, hang_up: bool = False) -> None:
        told = f"The body is larger than {limit >> 20} MB."
        super().__init__(413, "too_large", told, HANG_UP if hang_up else {})


@dataclass(eq=False)
class _Body:
    """One that is coming in. `scope` ends when it is too slow, or is given up for others."""

    scope: anyio.CancelScope
    pieces: list[bytes] = field(default_factory=list)
    size: int = 0
    kept: int = 0
    is_given_up: bool = False

    def forget(self) -> int:
        """How many bytes are free by it."""
        freed, self.kept = self.kept, 0
        self.pieces.clear()
        return freed


class Reception:
    """Takes in many bodies at once, since slots could be held by slow senders, and keeps few of their bytes.
    Where it is too much, the one that has been coming longest is given up: an honest one comes in moments."""

    def __init__(self, *, most_bytes: int = 64 << 20, most: int = 1000) -> None:
        self._most_bytes = most_bytes
        self._most = most
        self._coming: dict[_Body, None] = {}
        self._kept = 0
        self._unpacking = anyio.CapacityLimiter(1)

    async def receive(self, request: Request, secret: str, signature: str, limit: int) -> list[bytes]:
        """The pieces of a body with this `signature`: the hex HMAC-SHA1 of the bytes that were sent or, since
        Vercel does not say which, of what is packed in them. Raises Refused.

        Counted while it comes in: a Content-Length may be missing, or lie. What is too large is read on for a
        while, without being kept, since most senders read no answer before they are done.
        """
        mac, began = hmac.new(secret.encode(), digestmod=hashlib.sha1), anyio.current_time()
        if len(signature) != 2 * mac.digest_size:
            raise wrong_signature()
        with anyio.CancelScope(deadline=began + SECONDS) as scope:
            body = _Body(scope)
            self._coming[body] = None
            try:
                async for piece in request.stream():
                    body.size += len(piece)
                    scope.deadline = began + SECONDS + body.size / BYTES_A_SECOND
                    if body.size > PATIENCE * limit:
                        raise TooLarge(limit, hang_up=True)
                    if body.size > limit:
                        self._kept -= body.forget()
                        continue
                    mac.update(piece)
                    self._keep(body, piece)
                proven = same_secret(mac.hexdigest(), signature) or await self._is_signed_within(
                    body, secret, signature
                )
            finally:
                del self._coming[body]
                self._kept -= body.kept
        if scope.cancelled_caught and body.is_given_up:
            raise Refused(503, "busy", "Too much comes in at once.", HANG_UP | {"retry-after": "10"})
        if scope.cancelled_caught:
            told = f"A body has {SECONDS:g} s to come, and one more for every {BYTES_A_SECOND >> 10} KB."
            raise Refused(408, "too_slow", told, HANG_UP)
        if body.size > limit:
            raise TooLarge(limit)
        if not proven:
            raise wrong_signature()
        return body.pieces

    async def _is_signed_within(self, body: _Body, secret: str, signature: str) -> bool:
        """One at a time is unpacked without proof, in a thread of its own: who is proven waits for none."""
        if not body.pieces or not body.pieces[0].startswith(GZIP):
            return False
        sent = b"".join(body.pieces)
        return await anyio.to_thread.run_sync(_signs, secret, signature, sent, limiter=self._unpacking)

    def _keep(self, body: _Body, piece: bytes) -> None:
        body.pieces.append(piece)
        body.kept += len(piece)
        self._kept += len(piece)
        if self._kept <= self._most_bytes and len(self._coming) <= self._most:
            return
        oldest = next(each for each in self._coming if not each.is_given_up)
        oldest.is_given_up = True
        self._kept -= oldest.forget()
        oldest.scope.cancel()


def _signs(secret: str, signature: str, packed: bytes) -> bool:
    try:
        content = inflate(packed, UNPROVEN)
    except (Refused, BadInput):
        return False
    return same_secret(hmac.new(secret.encode(), content, hashlib.sha1).hexdigest(), signature)


def wrong_signature() -> Refused:
    told = "x-vercel-signature is not made with DAILIES_LOG_DRAIN_SECRET."
    return Refused(403, "wrong_signature", told)


def inflate(body: bytes, limit: int) -> bytes:
    """The content of a gzip file, other bodies as they are. `limit` bounds the content: a few kilobytes can
    hold gigabytes. Raises Refused or BadInput."""
    if not body.startswith(GZIP):
        return body
    content = bytearray()
    for _ in range(MEMBERS):
        member = zlib.decompressobj(GZIP_WINDOW)
        try:
            content += member.decompress(body, limit + 1 - len(content))
        except zlib.error as error:
            raise BadInput(f"The body is damaged gzip: {error}.") from error
        if len(content) > limit:
            raise TooLarge(limit)
        if not member.eof:
            raise BadInput("The body is gzip that was cut off.")
        body = member.unused_data.lstrip(b"\0")
        if not body:
            return bytes(content)
    raise BadInput(f"The body is gzip of more than {MEMBERS} parts.")


def same_secret(expected: str, given: str) -> bool:
    """Compared in constant time; what was given may be any text."""
    return hmac.compare_digest(expected.encode(), given.encode(errors="replace"))


def bearer(request: Request) -> str:
    """The token of the Authorization header, empty without one."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
