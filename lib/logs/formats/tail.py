"""The live tail as text, `vercel logs --follow`: a line about the request, a rule, one message of any lines.

`16:41:10.07  ℹ️  POST  ---  www.example.app  ƒ  /api/…`
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from lib.domain.trace import LogEntry, RequestSummary
from lib.logs.formats import Format, Item, one_by_one
from lib.logs.formats.printed import CLOCK, LOCAL_NOTE, Dates, Printed, Requests, is_noise
from lib.logs.values import Unusable, message, method, path, status

START = re.compile(
    r"\s{0,8}(?:(?P<date>[A-Z][a-z]{2} \d\d) )?"
    rf"(?P<time>{CLOCK})\s+(?:(?P<icon>[^\sA-Za-z0-9/]\S{{0,9}})\s+)?"
    r"(?P<method>[A-Z]{3,10})\s+(?P<status>\d{3}|-{1,3})\s+(?P<host>[^\s/]+)\s+"
    r"(?:[^\sA-Za-z0-9/]\S{0,9}\s+)?(?P<path>/\S*)\s*\Z"
)
_RULE = re.compile(r"-{10,}\s*\Z")
_LEVELS = {"🚫": "error", "⚠": "warning"}  # the second comes with a mark that asks for its coloured form


class _Tail:
    def __init__(self, rows: Sequence[re.Match[str]], written: datetime) -> None:
        self._dates = Dates(rows, written, newest_first=False)
        self._requests = Requests()

    def parse(self, block: str) -> list[Item]:
        """A line about a request and the message below it. Raises Unusable."""
        first, *below = block.split("\n")
        row = START.match(first)
        if row is None:
            raise Unusable("not a line of the live tail")
        if below and _RULE.match(below[0]):
            del below[0]
        end = next((number for number, line in enumerate(below) if is_noise(line)), None)
        at = self._dates.at_ms(row["time"], row["date"])
        where, code = path(row["path"]), status(row["status"])
        if written := message("\n".join(below[:end]).strip("\n")):
            severity = _LEVELS.get((row["icon"] or "")[:1], "info")
            return [LogEntry(at, severity, written, None, where, code)]
        request = self._requests.made_up(at, f"{row['host']} {row['method']} {row['path']}")
        return [RequestSummary(request, at, method(row["method"]), where, code)]

    def notes(self) -> Iterator[str]:
        yield (
            "The live tail gives no request ids: which request a line belongs to has to be worked out from "
            "its content. " + LOCAL_NOTE.format(zone=self._dates.zone)
        )


def _open(rows: Sequence[re.Match[str]], _head: str, written: datetime) -> Format:
    tail = _Tail(rows, written)
    return Format("vercel-tail", one_by_one(tail.parse), has_request_ids=False, notes=tail.notes)


TAIL = Printed(START, _open)
