"""The level that a logger wrote into its own line.

A platform knows only whether a line went to the standard output or to the error output, and most loggers
write all of theirs to one of them: their errors arrive as information.
"""

from __future__ import annotations

import re

from lib.domain.trace import LogEntry
from lib.logs.framing import parse_json
from lib.logs.values import level

_READ = 1 << 16  # characters of a line that is JSON
_RANK = {"info": 0, "warning": 1, "error": 2, "fatal": 3}
_DATE = r"\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[\d.,]{0,10}(?:Z| ?[+-]\d\d:?\d\d)?\]?"
_LINE = re.compile(
    rf"(?:{_DATE}\s{{1,4}})?[a-z]{{2,20}}\.([A-Z]{{4,9}}): "  # Monolog: Laravel, Symfony
    r"|[DIWEFA], \[[^\]\n]{10,60}\]\s{1,4}([A-Z]{3,7}) -- "  # Ruby
    rf"|(?:{_DATE} )?(trce|dbug|info|warn|fail|crit): [\w.`+]{{1,200}}\[\d{{1,9}}\]"  # .NET
    rf"|\[([A-Z]{{4,9}})\]\s{_DATE}\s"  # Lambda's Python
    rf"|([A-Z]{{4,9}}):[\w.]{{1,100}}:|{_DATE} - [\w.]{{1,100}} - ([A-Z]{{4,9}}) - "  # Python
    r"|(ERROR|FATAL|WARN) {1,4}[\w.$]{1,100} - "  # Java, behind its thread
    rf"|{_DATE} {{1,4}}(?:\[[^\]\n]{{1,60}}\] )?([A-Z]{{4,5}}) {{1,4}}(?:\d{{1,7}} --- )?[\[\w.]"  # Java
    r"|(?=\w{1,20}=)(?:[\w.]{1,40}=(?:\"[^\"\n]{0,200}\"|[^\s\"]{0,200}) ){0,6}"  # logfmt
    r"(?:level|lvl|severity)=\"?([A-Za-z]{4,9})\b"
)
_CUT_JSON = re.compile(r"\{\s{0,4}\"(?:level|severity)\":\s?\"?(\w{2,9})\b")
_NAMES = ("level", "severity", "LogLevel", "Level", "levelname", "@l", "lvl", "log.level")
_SIGN = re.compile("|".join(f'"{name}"' for name in _NAMES))


def at_own_level(entry: LogEntry) -> LogEntry:
    """The entry at the level that it gives itself, where that is the worse one: never is it told down."""
    own = _own_level(entry.message)
    return entry._replace(level=own) if own and _RANK[own] > _RANK[entry.level] else entry


def _own_level(text: str) -> str | None:
    if not text.startswith("{"):
        found = _LINE.match(text)
        return level(found[found.lastindex or 0]) if found else None
    if not _SIGN.search(text, 0, _READ):
        return None
    value = parse_json(text[:_READ].encode(errors="replace"))
    if isinstance(value, dict):
        said = next((value[name] for name in _NAMES if name in value), None)
    else:
        cut = _CUT_JSON.match(text)
        said = cut[1] if cut else None
    return level(said)
