"""Runs cases side by side: each lane has a database of its own, one a server of its own to restart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg

from tests.databases import Cluster
from tests.faults.bench import Bench, Result
from tests.faults.cases import Case
from tests.simulated import Simulated, simulated

LANES = 3


@contextmanager
def running(cases: Iterable[Case], cluster: Cluster, folder: Path) -> Iterator[Mapping[str, Future[Result]]]:
    """The results, by the name of the case, as they come. `folder` must be open to everybody."""
    wanted = list(cases)
    restarted = [case for case in wanted if case.trouble == "restarted"]
    others = [case for case in wanted if case.trouble != "restarted"]
    results: dict[str, Future[Result]] = {}
    with ExitStack() as stack:
        runway = stack.enter_context(simulated(folder / "simulator", timeout=0.5))
        runway.store.configure(daily=100_000, credits=10_000_000, concurrency=1000)
        lanes = [(cluster, others[lane::LANES]) for lane in range(LANES)]
        if restarted:
            lanes.append((_own(stack, folder / "restarted"), restarted))
        for on, mine in lanes:
            results |= _lane(stack, on, mine, runway, folder)
        yield {case.name: results[case.name] for case in wanted}


def _own(stack: ExitStack, home: Path) -> Cluster:
    cluster = Cluster(home)
    stack.callback(cluster.server.stop)
    return cluster


def _lane(
    stack: ExitStack, cluster: Cluster, cases: list[Case], runway: Simulated, folder: Path
) -> dict[str, Future[Result]]:
    url = stack.enter_context(cluster.clone())
    database = url.rsplit("/", 1)[1]
    with psycopg.connect(url, autocommit=True) as connection:  # a killed server must not forget
        connection.execute(f"alter database {database} set synchronous_commit = on".encode())
    bench = Bench(cluster, database, runway, folder)
    stack.callback(bench.close)
    hand = stack.enter_context(ThreadPoolExecutor(1))
    stack.callback(hand.shutdown, cancel_futures=True)
    return {case.name: hand.submit(bench.run, case) for case in cases}
