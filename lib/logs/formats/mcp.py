"""Runtime logs as Vercel's MCP tool prints them: `### 07:45:12 POST /api/… 504 [error/serverless]`.

Below stand deployment, branch and cache, then all messages of the request. The times are UTC; the head of the
text may say of which days.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime

from lib.domain.trace import RequestSummary
from lib.logs.formats import Format, Item, one_by_one
from lib.logs.formats.drain import NEXT_MESSAGE
from lib.logs.formats.printed import CLOCK, Dates, Printed, Requests, told
from lib.logs.formats.table import NO_MESSAGE
from lib.logs.values import Unusable, an_id, level, method, path, status

START = re.compile(
    r"[ \t>]{0,8}(?:#{1,6} )?(?:(?P<date>\d{4}-\d\d-\d\d)[ T])?"
    rf"(?P<time>{CLOCK})(?:Z| UTC)?\s+(?:[–—-]\s+)?(?P<method>[A-Z]{{3,10}})\s+(?P<path>\S+)\s+"
    r"(?P<status>-?\d{1,3})\s+\[(?P<level>[a-z]{3,8})/(?P<source>[a-z-]+)\]\s*\Z"
)
_ABOUT = re.compile(r"\s{0,8}dep=(?P<deployment>\S*)(?: branch=\S*)?(?: cache=\S*)?\s*\Z")
_UNTIL = re.compile(r"^\*\*Time range:\*\* \S+ (?:→|->|to) (\S+)", re.MULTILINE)
NOTE = (
    "The text gives no request ids and no days: each block is taken as a request, "
    "on the latest day that is possible."
)


class _Blocks:
    def __init__(self, rows: Sequence[re.Match[str]], written: datetime) -> None:
        self._dates = Dates(rows, written, newest_first=True, zone=UTC)
        self._requests = Requests()

    def parse(self, block: str) -> list[Item]:
        """A request and its messages. Raises Unusable."""
        first, *below = block.split("\n")
        row = START.match(first)
        if row is None:
            raise Unusable("not a request of the runtime logs")
        below = [line for line in below if line.strip()]
        at = self._dates.at_ms(row["time"], row["date"])
        known = _ABOUT.match(below[0]) if below else None
        about = RequestSummary(
            self._requests.made_up(at, f"{row['method']} {row['path']}"),
            at,
            method(row["method"]),
            path(row["path"]),
            status(row["status"]),
            None,
            an_id(known["deployment"]) if known else None,
        )
        lines = below[1:] if known else below
        fence = next((number for number, line in enumerate(lines) if line.strip() == "```"), None)
        text = textwrap.dedent("\n".join(lines[:fence]))
        messages = [each for each in NEXT_MESSAGE.split(text) if each != NO_MESSAGE]
        return list(told(about, level(row["level"]), messages))


def _open(rows: Sequence[re.Match[str]], head: str, written: datetime) -> Format:
    if until := _UNTIL.search(head):
        with suppress(ValueError):
            at = datetime.fromisoformat(until[1])
            written = at if at.tzinfo else at.replace(tzinfo=UTC)
    return Format("vercel-mcp", one_by_one(_Blocks(rows, written).parse), notes=lambda: (NOTE,))


MCP = Printed(START, _open)
