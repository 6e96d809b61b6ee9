"""`python -m tests.faults [WORD…]`: runs the fault matrix, or the cases whose names hold these words."""

from __future__ import annotations

import logging
import sys
import tempfile
from pathlib import Path

import click

from lib.data.postgres import PostgresDatabase
from tests.databases import Cluster
from tests.faults.answers import WAYS, ask, questions
from tests.faults.bench import Result
from tests.faults.cases import cases
from tests.faults.matrix import running
from tests.simulated import simulated

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
            total = [sum(column) for column in zip(*map(_figures, found), strict=True)] or [0] * len(COLUMNS)
            click.echo(_line(f"total of {len(found)} cases", total))
            wrong = _answers(words, cluster, folder)
        finally:
            cluster.server.stop()
    sys.exit(0 if all(result.is_good for result in found) and not wrong else 1)


def _answers(words: list[str], cluster: Cluster, folder: Path) -> int:
    """What page, command, batch, sweep and queue do about rows that say what a failed write says."""
    chosen = [each for each in questions() if all(word in each.name for word in words)]
    click.echo(f"\n{'row and run':<72}{'proved':>11}  paid by")
    with cluster.clone() as url, simulated(folder / "answers") as runway:
        runway.store.configure(daily=100_000, credits=10_000_000, concurrency=1000)
        db = PostgresDatabase(url, label="answers")
        found = list(ask(chosen, db, url, runway, folder))
        db.close()
    for each in found:
        proved = "yes" if each.question.is_proved else "no"
        paid = ", ".join(way for way in WAYS if way in each.paid) or "nobody"
        click.echo(f"{each.question.name:<72}{proved:>11}  {paid}{f'  {each.wrong}' if each.wrong else ''}")
    wrong = sum(each.wrong is not None for each in found)
    click.echo(f"{len(found)} questions in {len(WAYS)} ways: {wrong} wrong answers")
    return wrong


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
