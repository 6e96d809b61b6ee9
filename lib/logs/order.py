"""Entries of one millisecond in the order they were written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lib.logs.formats import Item

LONGEST_RUN = 10_000


def in_written_order(items: Iterable[Item]) -> Iterator[Item]:
    """`items` with runs of equal times turned round where the file goes back in time, as exports do."""
    run: list[Item] = []
    newest_first = False
    for item in items:
        if run and (item.at_ms != run[0].at_ms or len(run) >= LONGEST_RUN):
            newest_first = item.at_ms < run[0].at_ms or (newest_first and item.at_ms == run[0].at_ms)
            yield from reversed(run) if newest_first else run
            run.clear()
        run.append(item)
    yield from reversed(run) if newest_first else run
