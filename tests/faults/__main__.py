"""`python -m tests.faults`: runs the fault matrix and prints it."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import click

from tests.databases import Cluster
from tests.faults.bench import Result, bench
from tests.faults.cases import cases

_COLUMNS = f"{'attempts':>9}{'created':>9}{'flagged':>9}{'lost':>6}{'paid twice':>12}"


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        cluster = Cluster(Path(name) / "cluster")
        try:
            with cluster.clone() as url, bench(url, Path(name)) as running:
                results = [show(running.run(case)) for case in cases()]
        finally:
            cluster.server.stop()
    total = "".join(
        f"{sum(values):>{width}}"
        for width, values in (
            (9, [r.attempts for r in results]),
            (9, [r.created for r in results]),
            (9, [r.flagged for r in results]),
            (6, [r.lost for r in results]),
            (12, [r.paid_twice for r in results]),
        )
    )
    click.echo(f"{f'total of {len(results)} cases':<72}{total}")
    sys.exit(0 if all(result.is_good for result in results) else 1)


def show(result: Result) -> Result:
    wrong = f"  {'; '.join(result.wrong)}" if result.wrong else ""
    click.echo(
        f"{result.case.name:<72}{result.attempts:>9}{result.created:>9}{result.flagged:>9}{result.lost:>6}"
        f"{result.paid_twice:>12}{wrong}"
    )
    return result


if __name__ == "__main__":
    click.echo(f"{'case':<72}{_COLUMNS}")
    main()
