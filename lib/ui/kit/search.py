"""The search of the list of videos: `status:failed model:gen4_turbo before:2h "asset"`. Pure.

What names a filter fills that filter; the rest is searched for as it was typed, since it was often copied
from a log or a row. What cannot be understood is told, with what can.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from difflib import get_close_matches

from lib.domain.cause import CAUSES
from lib.domain.pricing import MODELS
from lib.domain.video import STATUSES
from lib.ui.kit.window import ALL, Window, between, known, parse_until, written

TROUBLES = {
    "all": "All",
    "any": "Any trouble",
    "stuck": "Stuck",
    "recoverable": "Recoverable",
    "failed": "Failed",
}
# What may stand before a colon: the values there are, by what they are called; without any: any.
QUALIFIERS: Mapping[str, Mapping[str, str]] = {
    "status": {status: status for status in STATUSES},
    "cause": {key: cause.title for key, cause in CAUSES.items()},
    "trouble": TROUBLES,
    "model": {model: model for model in MODELS},
    "ratio": {},
    "duration": {},
    "user": {},
    "deployment": {},
    "stage": {},
    "flow": {},
    "group": {},
    "before": {},
    "after": {},
    "window": {},
}
_MANY = ("status", "cause")
_TIMES = ("before", "after", "window")
_LONGEST = 1000
# A filter, or a word that is none, with the blanks behind it. What stands in quotes names no filter; single
# ones only count around whole words, since they are apostrophes as well.
_WORD = re.compile(
    r"""(?:([A-Za-z_]{1,20}):(?:"([^"]*)"|(\S+))|'[^']*'(?!\S)|`[^`]*`(?!\S)|(?:"[^"]*"|\S)+)\s*"""
)
_IN_QUOTES = re.compile(r'"([^"]+)"|\'([^\']+)\'|`([^`]+)`')


@dataclass
class Search:
    """text     what is searched for
    filters  parameters of the address that were named, with their values
    rest     what stays in the field: the text, and what was not understood
    problems what was not understood, in sentences
    """

    text: str = ""
    filters: dict[str, list[str]] = field(default_factory=dict)
    rest: str = ""
    problems: list[str] = field(default_factory=list)


def read(typed: str, now: datetime) -> Search:
    """Takes apart what was typed. Of text, only what surrounds it is lost: blanks, and one pair of quotes."""
    found = Search()
    text: list[str] = []
    rest: list[str] = []
    times: dict[str, str] = {}
    unknown: dict[str, None] = {}
    for word in _WORD.finditer(typed.strip()[:_LONGEST]):
        name, value = (word[1] or "").lower(), word[2] if word[2] is not None else word[3]
        is_text = not name or value.startswith("//")  # an address is no filter
        if is_text or name not in QUALIFIERS:
            text.append(word[0])
            rest.append(word[0])
            if not is_text:
                unknown[name] = None
        elif problem := _take(found.filters, times, name, value):
            found.problems.append(problem)
            rest.append(word[0])
    if len(typed.strip()) > _LONGEST:
        found.problems.append(f"This is long: only its first {_LONGEST:,} characters are searched for.")
    if unknown:
        found.problems.append(_no_filters(unknown))
    found.filters |= _window(times, now)
    found.text, found.rest = _without_quotes("".join(text).strip()), "".join(rest).strip()
    return found


def _without_quotes(text: str) -> str:
    """Of a text that is in one pair of quotes as a whole, what they hold."""
    whole = _IN_QUOTES.fullmatch(text)
    return whole[whole.lastindex or 0] if whole else text


def _no_filters(names: Iterable[str]) -> str:
    named = " or ".join(f"{name}:" for name in names)
    return f"There is no filter {named}, so it is searched for as text. Filters: {', '.join(QUALIFIERS)}."


def _take(filters: dict[str, list[str]], times: dict[str, str], name: str, value: str) -> str | None:
    """Puts one filter where it belongs, or says why it cannot be."""
    if name in _TIMES:
        is_length = known(value) and (name == "window" or value != ALL)
        if not is_length and (name == "window" or parse_until(value) is None):
            return f"{name}:{value[:40]} is not a time. Write 2h, 3d, or 2026-11-25T14:00 (UTC)."
        times[name] = value
        return None
    values: list[str] = []
    for each in value.split(",") if name in _MANY else [value]:
        key = _key(QUALIFIERS[name], each)
        if key is None:
            near = get_close_matches(each.lower(), QUALIFIERS[name], 3, 0.5) or QUALIFIERS[name]
            return f"{name}:{each[:40]} is unknown. Possible: {', '.join(near)}."
        values.append(key)
    filters[name] = [*filters.get(name, ()), *values] if name in _MANY else values
    return None


def _key(values: Mapping[str, str], given: str) -> str | None:
    if not values:
        return given[:200] or None
    titles = {title.casefold(): key for key, title in values.items()}
    return given.lower() if given.lower() in values else titles.get(given.casefold())


def _window(times: Mapping[str, str], now: datetime) -> dict[str, list[str]]:
    """The parameters of the window that these times mean together."""
    if not times:
        return {}
    ends = (times.get(name, "") for name in ("before", "after"))
    before, after = (now - Window(end).size if known(end) else parse_until(end) for end in ends)
    if before and after and after < before:
        window = between(after, before)
    elif after:
        window = Window(between(after, now).length)  # it follows the clock
    else:
        window = Window(times.get("window", ALL), before)
    return {"window": [window.length], "until": [written(window.until)] if window.until else []}


def completions() -> str:
    """What can be written, for whoever asks: markdown."""
    lines = [
        f"`{name}:` {', '.join(f'`{value}`' for value in values)}"
        for name, values in QUALIFIERS.items()
        if values
    ]
    return "\n\n".join(
        [
            "A text is looked for in ids, prompts and errors as it is typed: `not enough`. Quotes around all"
            ' of it make text of what would be a filter: `"status:failed"`. Filters:',
            *lines,
            "`before:` `after:` `2h`, `3d`, `2026-11-25T14:00` · `window:` `24h`, `14d`, `all`",
            "`deployment:dpl_…` `stage:task_created` `flow:sync-sdk` `group:…` `ratio:1280:720` `duration:5`",
            "`user:…` what the app's row says in `user_id`, whole; of the chosen time only, unlike an id",
        ]
    )
