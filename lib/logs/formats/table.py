"""The table `vercel logs` prints: `22:16:41.35  www.example.app  info   λ POST /api/…   200   message`.

Its messages are cut where the screen ended. With `--expand`, and since 2026 wherever it is not written to a
screen, a row ends with the path, and below it stand all messages of the request, each on one line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from lib.domain.trace import RequestSummary
from lib.logs.formats import Format, Item, one_by_one
from lib.logs.formats.printed import CLOCK, LOCAL_NOTE, Dates, Printed, Requests, is_noise, told
from lib.logs.values import Unusable, level, method, path, status

START = re.compile(
    r"\s{0,8}(?:(?P<date>[A-Z][a-z]{2} \d\d) )?"
    rf"(?P<time>{CLOCK})\s+(?:(?P<host>\S+)\s+)??(?P<level>[a-z]{{3,8}})\s+"
    r"(?:[^\sA-Za-z0-9/]\S{0,9}\s+)?"  # the icon, as whatever a shell has made of it
    r"(?:(?P<method>[A-Z]{3,10}|---)\s+)?(?P<path>/\S*)(?:\s+(?P<status>\d{3}|-+)(?:\s+(?P<text>.*))?|\s*)\Z"
)
NO_MESSAGE = "(no message)"
_CUT = re.compile(r"(\(no mess[a-z]{0,3}\)?)[^ -~]{0,4}\Z")
_FOOTER = re.compile(r"\s*(?:Fetched|Displayed) (\d{1,9}) log")
CUT_NOTE = (
    "The table cuts its messages, and shows one of each request: stages will look missing. "
    "`vercel logs --json` has all of them, whole; `--expand` nearly so."
)


def is_placeholder(text: str) -> bool:
    """Whether `text` stands for no message, whole or cut by the table."""
    cut = _CUT.match(text)
    return text == NO_MESSAGE or bool(cut and NO_MESSAGE.startswith(cut[1]))


class _Table:
    def __init__(self, rows: Sequence[re.Match[str]], written: datetime) -> None:
        self._dates = Dates(rows, written, newest_first=True)
        self._requests = Requests()
        self._rows = self._fetched = 0
        self._is_cut = False

    def parse(self, block: str) -> list[Item]:
        """A row and the lines below it. Raises Unusable."""
        first, *below = block.split("\n")
        row = START.match(first)
        if row is None:
            raise Unusable("not a row of the table")
        at = self._dates.at_ms(row["time"], row["date"])
        self._rows += 1
        request = self._requests.made_up(at, f"{row['host']} {row['method']} {row['path']}")
        about = RequestSummary(
            request, at, method(row["method"]), path(row["path"]), status(row["status"] or "")
        )
        return list(told(about, level(row["level"]), self._messages(row, below)))

    def _messages(self, row: re.Match[str], below: list[str]) -> list[str]:
        for number, line in enumerate(below):
            if is_noise(line):
                footer = _FOOTER.match(line)
                self._fetched += int(footer[1]) if footer else 0
                below = below[:number]
                break
        if row["status"] is None:
            lines = [line.strip() for line in below]
            return [line for line in lines if line and line != NO_MESSAGE]
        text = "\n".join([row["text"] or "", *below]).rstrip()
        self._is_cut |= text.endswith("…")
        return [] if is_placeholder(text) else [text]

    def notes(self) -> Iterator[str]:
        yield (
            "The text gives no request ids: each row is taken as a request. "
            + LOCAL_NOTE.format(zone=self._dates.zone)
        )
        if self._is_cut:
            yield CUT_NOTE
        if self._rows < self._fetched:
            yield (
                f"`vercel logs` says that it fetched {self._fetched} requests; {self._rows} could be read: "
                f"{self._fetched - self._rows} are missing."
            )


def _open(rows: Sequence[re.Match[str]], _head: str, written: datetime) -> Format:
    table = _Table(rows, written)
    return Format("vercel-table", one_by_one(table.parse), notes=table.notes)


TABLE = Printed(START, _open)
