"""What must never get out: every configured secret, as it is, in JSON, in an address, and in base64.

What a process sends, prints or logs goes through `masked` where it leaves: each secret becomes as many
asterisks, so that frames and lengths around it stay right. This is beside the redaction of texts
(lib/logs/redact.py), which knows what secrets look like and not what they are.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

from ahocorasick_rs import BytesAhoCorasick, Implementation, MatchKind

SHORTEST = 5  # characters
WORD = 12  # a shorter one of letters alone may be part of a word by chance, and counts only by itself
_CHUNK = 8  # characters of base64 that are not there by chance
_CAPITAL_HEX = re.compile(r"%[0-9A-F]{2}")


class _Forms:
    """The secrets that are known; each change makes a new one."""

    def __init__(self, secrets: frozenset[str]) -> None:
        self.secrets = secrets
        forms = {form.encode(): _is_word(secret) for secret in secrets for form in _forms(secret)}
        self._alone = list(forms.values())
        self.longest = max(map(len, forms), default=0)
        self.redacted: dict[str, str] = {}
        self._finder = BytesAhoCorasick(
            list(forms), matchkind=MatchKind.LeftmostLongest, implementation=Implementation.ContiguousNFA
        )

    def masked(self, data: bytes) -> bytes:
        found = [
            (start, end)
            for which, start, end in self._finder.find_matches_as_indexes(data)
            if not (self._alone[which] and _is_inside_word(data, start, end))
        ]
        if not found:
            return data
        clean = bytearray(data)
        for start, end in found:
            clean[start:end] = b"*" * (end - start)
        return bytes(clean)


_known = _Forms(frozenset())


def know(secrets: Iterable[str]) -> None:
    """From now on these do not get out, nor does any told before."""
    global _known  # noqa: PLW0603  # a process has one set of secrets
    told = {secret for secret in secrets if len(secret) >= SHORTEST}
    if not told <= _known.secrets:
        _known = _Forms(_known.secrets | told)


def masked(text: str) -> str:
    """`text` with asterisks in place of every secret."""
    if not _known.secrets:
        return text
    data = text.encode("utf-8", "surrogatepass")
    clean = _known.masked(data)
    return text if clean is data else clean.decode("utf-8", "surrogatepass")


def masked_bytes(data: bytes) -> bytes:
    """The same for UTF-8, and what holds it; as many bytes come back."""
    return _known.masked(data) if _known.secrets else data


def remembered() -> dict[str, str]:
    """What redaction made of texts while no other secrets were known; a new one after each that is told."""
    return _known.redacted


def longest() -> int:
    """Bytes of the longest form of a secret; 0 without any."""
    return _known.longest


def _forms(secret: str) -> Iterator[str]:
    yield secret
    yield json.dumps(secret)[1:-1]
    yield html.escape(secret)
    for escaped in (quote(secret), quote(secret, safe=""), quote_plus(secret)):
        yield escaped
        yield _CAPITAL_HEX.sub(lambda found: found[0].lower(), escaped)
    for before in range(3):  # bytes in front of it in the same group of three
        data = bytes(before) + secret.encode()
        own = slice(-(-8 * before // 6), 8 * len(data) // 6)  # the characters that nothing else shares
        for encoded in (base64.b64encode(data), base64.urlsafe_b64encode(data)):
            if len(part := encoded.decode()[own]) >= _CHUNK:
                yield part


def _is_word(secret: str) -> bool:
    return len(secret) < 8 or (len(secret) < WORD and secret.isalpha())


def _is_inside_word(data: bytes, start: int, end: int) -> bool:
    return data[start - 1 : start].isalnum() or data[end : end + 1].isalnum()
