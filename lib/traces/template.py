"""Messages as tokens, and tokens back to an anchored pattern whose time is linear in a message's length.

What changes from run to run becomes a placeholder of its kind. Every placeholder is bounded, so that no
message makes matching slow.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from lib.domain.pricing import MODELS

READ = 4_096  # characters of a message
MOST_TOKENS = 160

_QUOTED = r"'(?:[^'\\\n]|\\.){0,4000}'|\"(?:[^\"\\\n]|\\.){0,4000}\"|`(?:[^`\\\n]|\\.){0,4000}`"
_TIME = (
    r"\d{4}-\d\d-\d\d(?:[T\ ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?)?"
    r"|\d\d:\d\d:\d\d(?:[.,]\d{1,9})?"
)
_TOKEN = re.compile(
    rf"""
    (?P<uuid>[0-9a-fA-F]{{8}}-(?:[0-9a-fA-F]{{4}}-){{3}}[0-9a-fA-F]{{12}})
    |(?P<url>https?://[^\s'"`<>()\[\]{{}},]{{1,400}})
    |(?P<time>{_TIME})
    |(?P<quoted>{_QUOTED})
    |(?P<model>(?:{"|".join(map(re.escape, MODELS))}|gen-?\d[\w.]{{0,20}})(?![\w-]))
    |(?P<number>\d{{1,30}}(?:\.\d{{1,30}})?(?![\w-]))
    |(?P<id>(?=[\w./@-]{{0,60}}\d)[\w@](?:[\w./@-]{{0,200}}[\w@])?)
    |(?P<word>[^\W\d_][\w'’-]{{0,60}})
    |(?P<space>\s{{1,20}})
    |(?P<mark>.)
    """,
    re.X | re.S,
)
_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
# `undefined`, `Started` and `NOT_FOUND` are none: an id has a digit, or a capital behind a small letter.
_ID = r"(?=[A-Z_-]{0,60}+[a-z_-]{0,60}+[0-9A-Z])[0-9A-Za-z_-]{1,200}"
_PLACEHOLDERS: Mapping[str, str] = {
    "uuid": "[0-9a-fA-F-]{36}",
    "url": r"https?://[^\s'\"`<>()\[\]{},]{1,400}",
    "time": f"(?:{_TIME})",
    "model": r"[\w.-]{2,40}",
    "number": r"\d{1,30}(?:\.\d{1,30})?",
    "id": r"[\w./@-]{1,200}",
    "word": r"[^\s\"'`{}=:,]{1,100}",
    "space": r"\s{1,20}",
    "quoted": rf"(?:{_QUOTED})",
    "success": r"2\d\d",
}
CHANGING = frozenset({"uuid", "url", "time", "model", "video", "task"})  # never taken literally
FOLDED = ("number", "quoted", "id", "word")  # placeholders where they differ from run to run


class Token(NamedTuple):
    """`literal` is None in a template where the token changes from run to run.

    A video or task has there the literal `uuid` when that is what its ids are.
    """

    kind: str
    literal: str | None

    @property
    def key(self) -> str:
        return self.kind if self.literal is None or self.kind in (*CHANGING, "space") else self.literal


FREE = Token("free", None)  # from here on stands what people wrote


def tokens_of(message: str, known: Mapping[str, str], user_text: Iterable[str] = ()) -> list[Token]:
    """known      kinds (video, task) of the ids that are known, in small letters
    user_text  how texts begin that people wrote: never taken literally
    """
    text, written = message[:READ], [each for each in user_text if each]
    tokens: list[Token] = []
    for found in _TOKEN.finditer(text):
        kind, literal = found.lastgroup or "mark", found[0]
        if len(tokens) >= MOST_TOKENS or any(text.startswith(each, found.start()) for each in written):
            return [*tokens, FREE]
        if kind != "quoted":
            tokens.append(_known(Token(kind, literal), known))
        elif any(each in literal for each in written):
            tokens.append(Token("quoted", None))
        else:
            tokens += _in_quotes(literal, known)
    return tokens if len(text) == len(message) else [*tokens, FREE]


def _in_quotes(literal: str, known: Mapping[str, str]) -> list[Token]:
    """Quoted ids are looked at as such, and what is said of a known one as words: a record's message."""
    inner, quote = literal[1:-1], Token("mark", literal[0])
    if kind := known.get(inner.lower()) or ("uuid" if is_uuid(inner) else None):
        return [quote, Token(kind, inner), quote]
    said = [_known(Token(found.lastgroup or "mark", found[0]), known) for found in _TOKEN.finditer(inner)]
    of_one = any(token.kind in ("video", "task") for token in said)
    return [quote, *said, quote] if of_one else [Token("quoted", literal)]


def is_uuid(text: str | None) -> bool:
    return _UUID.fullmatch(text or "") is not None


def _known(token: Token, known: Mapping[str, str]) -> Token:
    kind = known.get((token.literal or "").lower())
    return Token(kind, token.literal) if kind and token.kind in ("uuid", "id", "number", "word") else token


def pattern_of(template: Iterable[Token], *, whole: bool) -> str:
    """The regular expression; the first video and task are named groups. `whole`: nothing comes after it."""
    parts, named = [r"^"], set[str]()
    for token in template:
        if token.kind in ("video", "task"):
            an_id = _PLACEHOLDERS["uuid"] if token.literal == "uuid" else _ID
            parts.append(f"(?P<{token.kind}>{an_id})" if token.kind not in named else an_id)
            named.add(token.kind)
        elif token.kind == "space":
            parts.append(" " if token.literal == " " else _PLACEHOLDERS["space"])
        elif token.literal is None:
            parts.append(_PLACEHOLDERS[token.kind])
        else:
            parts.append(re.sub(r"([\\.^$*+?{}\[\]()|])", r"\\\1", token.literal))
    return "".join(parts) + (r"\s{0,20}$" if whole else "")


# How people read and write patterns: the line's own words, {number} and the like where it changes, … where it
# goes on as it likes.
_OPEN_END = "…"
_WHOLE = r"\s{0,20}$"
_NAMED = {
    **{f"(?P<{kind}>{an_id})": kind for kind in ("video", "task") for an_id in (_PLACEHOLDERS["uuid"], _ID)},
    _ID: "id",
    **{pattern: kind for kind, pattern in _PLACEHOLDERS.items()},
}
_IN_A_PATTERN = re.compile(
    "|".join(re.escape(each) for each in sorted(_NAMED, key=len, reverse=True))
    + r"|\\(\W)|([^\\.^$*+?{}\[\]()|])"
)
_IN_A_LINE = re.compile(rf"\{{({'|'.join(['video', 'task', *_PLACEHOLDERS])})\}}")
PLACEHOLDERS = ("video", "task", *_PLACEHOLDERS)


def readable(pattern: str) -> str:
    """As people read it; between slashes where it is more than placeholders in plain words."""
    whole = pattern.endswith("$") and not pattern.endswith(r"\$")
    text = pattern.removeprefix("^").removesuffix(_WHOLE).removesuffix("$" if whole else "")
    parts, at = [], 0
    while at < len(text):
        found = _IN_A_PATTERN.match(text, at)
        if found is None:
            return f"/{pattern}/"
        parts.append(found[1] or found[2] or f"{{{_NAMED[found[0]]}}}")
        at = found.end()
    return "".join(parts) + ("" if whole else _OPEN_END)


def pattern_from(line: str) -> str:
    """What `readable` shows, perhaps corrected by somebody, as a pattern."""
    if len(line) > 2 and line[0] == line[-1] == "/":
        return line[1:-1]
    whole = not line.rstrip().endswith((_OPEN_END, "..."))
    text = line if whole else line.rstrip().removesuffix(_OPEN_END).removesuffix("...")
    template, at = [], 0
    for found in _IN_A_LINE.finditer(text):
        template += [Token("mark", text[at : found.start()]), Token(found[1], None)]
        at = found.end()
    return pattern_of([*template, Token("mark", text[at:])], whole=whole)
