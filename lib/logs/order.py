"""Entries of one millisecond in the order they were written."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

from lib.logs.formats import Item

LONGEST_RUN = 10_000


def in_written_order(records: Iterable[list[Item]]) -> Iterator[Item]:
    """Runs of records of equal times are turned round where the file goes back in time, as exports do.

    What stands inside one record (`vercel logs --json` nests a request's messages) is in order as it is.
    """
    run: list[list[Item]] = []
    newest_first = False
    for items in filter(None, records):
        at_ms = items[0].at_ms
        if run and (at_ms != run[0][0].at_ms or len(run) >= LONGEST_RUN):
            newest_first = at_ms < run[0][0].at_ms or (newest_first and at_ms == run[0][0].at_ms)
            yield from _unrolled(run, newest_first)
            run.clear()
        run.append(items)
    yield from _unrolled(run, newest_first)


def _unrolled(run: list[list[Item]], newest_first: bool) -> Iterator[Item]:
    return itertools.chain.from_iterable(reversed(run) if newest_first else run)
