"""Taking out of log text what must never be stored or shown: keys, tokens, cookies, addresses of people.

Every rule starts from a snippet (`bearer`, `eyj`, `://`). One pass finds all snippets, and a rule is tried
only where its snippet stands, so most messages cost one pass. What is escaped, or broken over lines, is read
plain as well. Configured secrets are known whatever they look like. What diagnosis needs stays: ids, URLs,
status codes, times, and whether a key was set (`hasApiKey: true`). Takes time in proportion to the text,
whatever it holds.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import accumulate

from ahocorasick_rs import BytesAhoCorasick, Implementation

from lib import outgoing
from lib.domain.memo import LENGTH, MESSAGES
from lib.logs.disguises import Unwrapped, has_escapes, may_be_broken, unbroken, unescaped
from lib.logs.personal_rules import PERSONAL, addresses_v6
from lib.logs.secret_rules import (
    ABROAD,
    COMMANDS,
    NAMED,
    OAUTH,
    PAIRS,
    PROSE,
    REDACTED,
    SHOWN,
    Span,
    unmarked,
)

LONGEST = 1 << 21  # characters of a message that are kept: twice what Vercel lets a whole request write

_RULES = (*NAMED, *ABROAD, *PAIRS, *COMMANDS, *PROSE, *OAUTH, *SHOWN, *PERSONAL)
_SNIPPETS = sorted({snippet for rule in _RULES for snippet in rule.snippets})
_TRIED_AT = [
    [(rule.pattern.match, rule.behind, rule.read) for rule in _RULES if snippet in rule.snippets]
    for snippet in _SNIPPETS
]
_FINDER = BytesAhoCorasick(
    [s.encode("ascii", "replace") for s in _SNIPPETS], implementation=Implementation.DFA
)
_FOLDED = bytes.maketrans(  # small letters, and 0 for any digit
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZ123456789", b"abcdefghijklmnopqrstuvwxyz000000000"
)
_has_dots = re.compile(r"\.[\w-]{6,7}\.[\w-]{27}").search
_has_colons = re.compile(
    r":(?::|[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{1,4}:[0-9A-Fa-f]{1,4}:|[0-9A-Fa-f]{28}))"
).search
_HALF_SURROGATE = re.compile("[\ud800-\udfff]")

_LAST_WORD = re.compile(r"\S{1,200}\Z")
_WORD = re.compile(r"[^\s,;&\"'<>`{}()\[\]\\]+")
_ORDINARY = re.compile(  # numbers and times, uuids, versions, words and names in a program
    r"[\d:.,/TZ+-]+|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|v?\d+\.[\w.-]+"
    r"|[A-Za-z]?[a-z]*(?:[A-Z][a-z]{2,30})*\d{0,2}[.:!?]*|[A-Z_]+"
)
_ADDRESS = re.compile(r"[@.][\w.-]+|[\w+-]+(?:[._+-][\w+-]+)+")
_RANDOM = re.compile(r"\d[^\d]{0,60}?[A-Za-z]|[A-Za-z][^\d]{0,60}?\d|[a-z][A-Z]|[A-Za-z]{20}")


def _has_half_surrogates(text: str) -> bool:
    return not text.isascii() and _HALF_SURROGATE.search(text) is not None


_OTHER_SIGNS = (has_escapes, may_be_broken, _has_dots, _has_colons, _has_half_surrogates)


def redact(text: str) -> str:
    """`text` with everything that is secret or personal masked. What is beyond LONGEST is dropped."""
    known = outgoing.remembered()
    result = known.get(text)
    if result is None:
        result = _redacted(outgoing.masked(text))
        if len(text) <= LENGTH:
            if len(known) >= MESSAGES:
                known.clear()
            known[text] = result
    return result


def redact_soon(texts: Iterable[str]) -> None:
    """Says which texts `redact` will be asked for, some hundred at most: all of them are looked through for
    signs of something to mask at once, which takes a quarter of the time, and most have none."""
    known = outgoing.remembered()
    if len(known) >= MESSAGES // 2:
        known.clear()
    new = [text for text in set(texts) if len(text) <= LENGTH and text not in known]
    whole = "\0".join(new)  # whatever is a sign in one of them is one here
    if outgoing.masked(whole) is not whole:
        return
    suspects = set[int]()
    at = -1
    text, begin, ends = "", 0, -1
    for which, start, end in _snippets_in(whole):  # in the order of their ends
        while end > ends:
            at, begin = at + 1, ends + 1
            text = new[at]
            ends = begin + len(text)
        for match_at, behind, _ in _TRIED_AT[which]:
            if match_at(text, (end if behind else start) - begin):
                suspects.add(at)
                break
    for is_sign in _OTHER_SIGNS:
        if is_sign(whole):
            suspects.update(at for at, text in enumerate(new) if is_sign(text))
    known.update(zip(new, new, strict=True))
    known.update([(new[at], _redacted(new[at])) for at in suspects])


def _redacted(text: str) -> str:
    if len(text) > LONGEST:
        text = _LAST_WORD.sub("", text[:LONGEST]) + "…"
    if not text.isascii():
        text = text.encode(errors="replace").decode()  # half surrogates, where a source cut a message
    spans = _spans(text)
    if has_escapes(text) or may_be_broken(text):
        spans += _disguised(text, spans)
    return _masked(text, spans) if spans else text


def _snippets_in(text: str) -> list[tuple[int, int, int]]:
    """Which snippets stand in `text`, each with its start and its end."""
    try:  # is quicker than to ask
        plain = text.encode("ascii")
    except UnicodeEncodeError:
        narrow = text.replace("：", ":").replace("＝", "=")  # as Chinese and Japanese keyboards write them
        plain = narrow.encode("ascii", "replace")  # one byte for each character
    return _FINDER.find_matches_as_indexes(plain.translate(_FOLDED), overlapping=True)


def _spans(text: str) -> list[Span]:
    """What is to be masked in `text` as it stands."""
    spans: list[Span] = []
    done = 0
    for which, start, end in _snippets_in(text):
        if start < done:  # inside what is masked already
            continue
        for match_at, behind, read in _TRIED_AT[which]:
            match = match_at(text, end if behind else start)
            if match is None:
                continue
            before = len(spans)
            spans.extend(read(text, match))
            if len(spans) > before:
                done = spans[-1][1]
                break
    if _has_dots(text):
        spans += unmarked(text)
    if _has_colons(text):
        spans += unmarked(text)
        spans += addresses_v6(text)
    return spans


def _disguised(text: str, spans: list[Span]) -> list[Span]:
    """What shows only where escapes are undone and broken lines joined. `spans` stand as they are."""
    found: list[Span] = []
    view = Unwrapped((), text)
    for view in unescaped(text):
        found += ((view.origin(start), view.origin(end), mask) for start, end, mask in _spans(view.text))
    joined = unbroken(view)
    if joined:
        found += _broken(view, joined, spans + found)
    return found


def _broken(view: Unwrapped, joined: Unwrapped, spans: list[Span]) -> Iterator[Span]:
    """What shows where lines of `view` are joined, if it looks broken: a line may as well end with a token.

    Where a piece was masked by itself, only what looks like more of it belongs to it.
    """
    known = sorted(spans)
    starts, ends = [start for start, _, _ in known], list(accumulate((end for _, end, _ in known), max))

    def is_known(start: int, end: int) -> bool:
        at = bisect_right(starts, view.origin(start)) - 1
        return at >= 0 and ends[at] >= view.origin(end)

    for start, end, mask in _spans(joined.text):
        pieces = joined.pieces(start, end)
        if len(pieces) == 1:
            continue
        parts = [(a, _end_of_part(view.text, a, b, mask)) for a, b in pieces]
        if any(is_known(*piece) for piece in pieces):
            pieces = [(a, b) for a, b in parts if a < b and mask in (REDACTED, "[email]")]
        elif not any(a < b for a, b in parts):
            continue
        yield from ((view.origin(a), view.origin(b), mask) for a, b in pieces)


def _end_of_part(text: str, start: int, end: int, mask: str) -> int:
    """Where what stands at `start` ends, if it may be part of something broken; else `start`."""
    if mask == "[email]":
        return end if _ADDRESS.fullmatch(text, start, end) else start
    if mask != REDACTED:  # numbers, which were checked
        return end
    word = _WORD.match(text, start, end)
    return word.end() if word and _RANDOM.search(word[0]) and not _ORDINARY.fullmatch(word[0]) else start


def _masked(text: str, spans: list[Span]) -> str:
    """`text` with each span replaced; of spans that overlap, the first one's mask stands for all."""
    parts, done = list[str](), 0
    for start, end, mask in sorted(spans):
        if start >= done:
            parts += (text[done:start], mask)
        done = max(done, end)
    return "".join((*parts, text[done:]))
