"""Which lines only warn, at whatever level they were logged."""

from __future__ import annotations

import re

from lib.domain.diagnosis.text import LONGEST, any_of

# What stands before: colours and signs, a time, the id of a request, tags in brackets, a logger's name.
_BEFORE = (
    r"(?:\x1b\[[\d;]{0,10}m)?\W{0,6}(?:\d[\d:tz., +/-]{7,34}\s{0,4})?(?:[0-9a-f]{8}-[0-9a-f-]{27}\s{1,4})?"
    r"(?:(?:error|info)\s{1,4})?(?:\[[^\]\n]{1,60}\]\s?){0,3}"
    r"(?:- [\w.]{1,40} - |[\w.]{2,40}:(?=warn))?\W{0,3}"
)
_KIND = r"(?!unhandledpromiserejection)\w{0,60}warning: "  # that one reports an error
_WARNS = re.compile(
    "(?:"
    rf"{_BEFORE}(?:"
    r"\(?node:\d{1,10}\) (?!unhandledpromiserejection)(?:[^\n]{0,100}warning: |note: |v8: )"
    rf"|\(?use `node --trace-|{_KIND}|/?[\w./\\-]{{1,200}}:\d{{1,6}}: {_KIND}"
    r"|(?:warn|warning)\b|(?:npm|yarn|pnpm) warn\b|warnings\.warn\()"
    r"|\s{0,4}⚠|w\d{4} \d\d:\d\d:\d\d|(?:\[[^\]\n]{1,40}\]){1,2}\[warn"
    r"|\s{0,4}\{[^\n]{0,200}['\"]level['\"]:\s?['\"]?(?:warn|warning|40)\b|[^\n]{0,60}\blevel=warn)"
)
# Libraries that warn without saying so.
_UNMARKED = any_of(
    r"could be insecure!",
    r"multiple gotrueclient instances",
    r"is an experimental feature",
    r"\b(?:is|are|has been|have been) (?:now )?deprecated\b",
    r"caniuse-lite is outdated",
)
_FAILS = any_of(r"error", r"exception", r"fail", r"traceback", r"\b[45]\d\d\b")
_ERROR_LINE = re.compile(
    r"(?:\[[^\]\n]{1,60}\] ?){0,3}(?:(?:uncaught|unhandled) )?(?:\w{0,60}(?:error|exception)\b|traceback)"
)


def is_warning(text: str) -> bool:
    """Whether a text only warns: then it says nothing of why something failed."""
    first, _, rest = text[:LONGEST].lower().lstrip().partition("\n")
    if _WARNS.match(first):
        return not any(_ERROR_LINE.match(line) for line in rest.split("\n"))
    return bool(_UNMARKED.search(first)) and not _FAILS.search(first + rest)
