"""Taking out of log text what must never be stored or shown: keys, tokens, cookies, addresses of people.

Every rule starts from a snippet (`bearer`, `eyj`, `://`). One pass finds all snippets, and a rule is tried
only where its snippet stands, so most messages cost one pass. What diagnosis needs stays: ids, URLs, status
codes, times, and whether a key was set (`hasApiKey: true`).
"""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from ahocorasick_rs import AhoCorasick

from lib.logs.memo import remembered
from lib.logs.secret_rules import RULES, is_card_number

_LOCAL_PART = 64  # characters of an e-mail address before the @

# e-mail addresses; not `next@14.2.3`, `@scope/package` or `dog@2x.png`
_AT = ("@", "%40", "\\u0040")
_DOMAIN = re.compile(
    r"(?:@|%40|\\u0040)(?=[\w-]*[a-z])[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})*\.[a-z]{2,24}(?![\w-])"
    r"(?<!\.png|\.jpg|\.gif|\.svg|\.mp4|\.mov|\.mjs|\.cjs|\.css)(?<!\.jpeg|\.webp|\.avif|\.webm|\.json)(?<!\.js|\.ts)",
    re.IGNORECASE,
)
_LOCAL = re.compile(r"(?:%2[027])?(?P<local>[\w.+-]+)\\*\Z", re.IGNORECASE)

_INSIDE_V4 = re.compile(r"\.\d{1,3}\.\d{1,3}\.\d")
_INSIDE_V6 = re.compile(r":[0-9A-Fa-f]{1,4}:[0-9A-Fa-f]{1,4}:[0-9A-Fa-f]{1,4}:")
_V4 = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_V6 = re.compile(
    r"(?:(?<![\w:.])|(?<=%3d|%20|%5b))(?:[0-9a-f]{0,4}(?::|%3a)){2,7}[0-9a-f]{0,4}(?![\w:-])", re.IGNORECASE
)
_LOCAL_PORT = re.compile(r"::1:\d{2,5}")  # as Node writes it: the port says which service was down
_VERSION_BEFORE = re.compile(r"(?:[\w.-]|(?<!/)/|v=\\*[\"']|version[: ]{1,2})\Z", re.IGNORECASE)
_GOES_ON = re.compile(r"\.?\w|-\w")

_SNIPPETS = sorted({snippet for rule in RULES for snippet in rule.snippets} | set(_AT))
_RULES_AT = [[rule for rule in RULES if snippet in rule.snippets] for snippet in _SNIPPETS]
_FINDER = AhoCorasick(_SNIPPETS)
_LOWER_ASCII = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}

Span = tuple[int, int, str]  # of the text, and what to write there


@remembered
def redact(text: str) -> str:
    """`text` with everything that is secret or personal masked."""
    if not text.isascii():
        text = text.encode(errors="replace").decode()  # half surrogates, where a source cut a message
    lower = text.lower()
    if len(lower) != len(text):  # some letters grow
        lower = text.translate(_LOWER_ASCII)
    found = _FINDER.find_matches_as_indexes(lower, overlapping=True)
    spans = _secrets(text, found) if found else []
    if _INSIDE_V4.search(text):
        spans += _addresses_v4(text)
    if "::" in text or "%3a" in lower or _INSIDE_V6.search(text):
        spans += _addresses_v6(text)
    return _masked(text, spans) if spans else text


def _secrets(text: str, found: list[tuple[int, int, int]]) -> list[Span]:
    spans: list[Span] = []
    done = 0
    for which, start, _ in found:
        if start < done:  # inside what is masked already
            continue
        span = _secret_at(text, which, start)
        if span:
            spans.append(span)
            done = span[1]
    return spans


def _secret_at(text: str, which: int, start: int) -> Span | None:
    for rule in _RULES_AT[which]:
        match = rule.pattern.match(text, start)
        if match and (rule.mask != "[card]" or is_card_number(match["secret"])):
            return *match.span("secret"), rule.mask
    return _email(text, start) if _SNIPPETS[which] in _AT else None


def _email(text: str, at: int) -> Span | None:
    domain = _DOMAIN.match(text, at)
    before = text[max(0, at - _LOCAL_PART) : at]
    local = _LOCAL.search(before) if domain else None
    if domain is None or local is None:
        return None
    return at - len(before) + local.start("local"), domain.end(), "[email]"


def _addresses_v4(text: str) -> list[Span]:
    """Clients' addresses; versions of browsers look the same (`Chrome/120.0.0.0`)."""
    return [
        (*match.span(), "[ip]")
        for match in _V4.finditer(text)
        if not _VERSION_BEFORE.search(text[max(0, match.start() - 12) : match.start()])
        and not _GOES_ON.match(text, match.end())
        and _is_of_a_client(IPv4Address, match[0])
    ]


def _addresses_v6(text: str) -> list[Span]:
    return [
        (*match.span(), "[ip]")
        for match in _V6.finditer(text)
        if not _LOCAL_PORT.fullmatch(match[0])
        and _is_of_a_client(IPv6Address, re.sub("%3a", ":", match[0], flags=re.IGNORECASE))
    ]


def _is_of_a_client(kind: type[IPv4Address | IPv6Address], written: str) -> bool:
    try:
        address = kind(written)
    except AddressValueError:
        return False
    return not (address.is_loopback or address.is_unspecified or address.is_link_local)


def _masked(text: str, spans: list[Span]) -> str:
    """`text` with each span replaced; of spans that overlap, the first one's mask stands for all."""
    parts, done = list[str](), 0
    for start, end, mask in sorted(spans):
        if start >= done:
            parts += (text[done:start], mask)
        done = max(done, end)
    return "".join((*parts, text[done:]))
