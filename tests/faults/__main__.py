"""`python -m tests.faults [WORD…]`: runs the fault matrix, or the cases whose names hold these words."""

from __future__ import annotations

import logging
import sys
import tempfile
from pathlib import Path

import click

from tests.databases import Cluster
from tests.faults.bench import Result
from tests.faults.cases import cases
from tests.faults.matrix import running

COLUMNS = ("attempts", "created", "flagged", "lost", "paid twice")


def main(words: list[str]) -> None:
    logging.getLogger().addHandler(logging.NullHandler())
    chosen = [case for case in cases() if all(word in case.name for word in words)]
    click.echo(f"{'case':<72}" + "".join(f"{name:>11}" for name in COLUMNS))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)  # the server has a user of its own
        cluster = Cluster(folder / "cluster")
        try:
            with running(chosen, cluster, folder) as results:
                found = [shown(future.result()) for future in results.values()]
        finally:
            cluster.server.stop()
    total = [sum(column) for column in zip(*map(_figures, found), strict=True)]
    click.echo(_line(f"total of {len(found)} cases", total))
    sys.exit(0 if all(result.is_good for result in found) else 1)


def shown(result: Result) -> Result:
    wrong = f"  {'; '.join(result.wrong)}" if result.wrong else ""
    click.echo(_line(result.case.name, _figures(result)) + wrong)
    return result


def _figures(result: Result) -> list[int]:
    return [result.attempts, result.created, result.flagged, result.lost, result.paid_twice]


def _line(name: str, figures: list[int]) -> str:
    return f"{name:<72}" + "".join(f"{figure:>11}" for figure in figures)


if __name__ == "__main__":
    main(sys.argv[1:])
