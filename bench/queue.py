"""How many jobs a second workers get through, beside bare pgmq in the same run.

    python -m bench.queue [--jobs 1000] [--rounds 3]

Workers are processes with a connection each. A job does nothing, so that the queue alone is measured: taking
one and acknowledging it. Bare is `pgmq.read` of one message and `pgmq.archive` of it over plain psycopg; ours
is the worker's own verb, once without and once with the counting of slots. First durable, as Dailies runs,
where the number of commits counts; then without waiting for the disk, where every round trip does. Rounds
alternate and the best one counts: other work on the machine only ever slows one down.
"""

from __future__ import annotations

import multiprocessing
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.synchronize import Barrier
from pathlib import Path

import click
import psycopg

from lib.app import App
from lib.data import queue
from lib.data.embedded.server import EmbeddedPostgres
from lib.data.migrations import migrate
from lib.data.postgres import PostgresDatabase
from lib.data.queue import Job, NewJob
from lib.operations.process import Processed
from lib.settings import Settings
from lib.worker.jobs import JobVerb

WORKERS = (1, 2, 4)
BAR = 0.8
MODEL = "gen4_turbo"
BATCH = 500
DONE = Processed("nothing to do")


def bare(url: str, start: Barrier) -> None:
    """Reads and archives one message at a time until the queue is empty."""
    with psycopg.connect(url, autocommit=True) as connection:
        start.wait()
        while row := connection.execute("select msg_id from pgmq.read('bare', 300, 1)").fetchone():
            connection.execute("select pgmq.archive('bare', %s::bigint)", row)


def ours(url: str, start: Barrier) -> None:
    _work(url, start, {})


def ours_with_slots(url: str, start: Barrier) -> None:
    _work(url, start, {MODEL: 1000})


def _work(url: str, start: Barrier, slots: dict[str, int]) -> None:
    db = PostgresDatabase(url, label="bench")
    verb = JobVerb(App(Settings(), db), _nothing, slots=lambda: slots)
    db.call("dailies_queue_metrics")  # connected, as bare is
    start.wait()
    while verb.step():
        pass
    verb.finish()
    db.close()


def _nothing(_: Job) -> Processed:
    return DONE


def jobs_per_second(url: str, work: Callable[[str, Barrier], None], workers: int, jobs: int) -> float:
    """Of `workers` processes together, from their common start to the last one's end."""
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(workers + 1)
    processes = [context.Process(target=work, args=(url, start)) for _ in range(workers)]
    for process in processes:
        process.start()
    start.wait(60)
    began = time.perf_counter()
    for process in processes:
        process.join()
    return jobs / (time.perf_counter() - began)


def fill(db: PostgresDatabase, jobs: int) -> None:
    """As many messages in the bare queue, of the same size, as jobs in ours."""
    with db.transaction("fill") as connection:
        connection.execute("truncate pgmq.q_dailies, pgmq.a_dailies, pgmq.q_bare, pgmq.a_bare")
    ids = [str(uuid.uuid4()) for _ in range(jobs)]
    for start in range(0, jobs, BATCH):
        batch = [
            NewJob(video_id, f"{video_id}/1", "bench", MODEL, "1280:720", 5)
            for video_id in ids[start : start + BATCH]
        ]
        queue.enqueue(db, batch)
    with db.transaction("fill") as connection:
        connection.execute(
            "select pgmq.send_batch('bare', array_agg(q.message order by q.msg_id)) from pgmq.q_dailies q"
        )


@contextmanager
def database() -> Iterator[tuple[PostgresDatabase, str]]:
    with tempfile.TemporaryDirectory(prefix="dailies bench ") as folder:
        Path(folder).chmod(0o755)
        server = EmbeddedPostgres(Path(folder)).start()
        db = PostgresDatabase(server.conninfo(), label="bench", statement_seconds=120)
        migrate(db)
        with db.transaction("queue") as connection:
            connection.execute("select pgmq.create('bare')")
        try:
            yield db, server.conninfo()
        finally:
            db.close()
            server.stop()


def best_of(db: PostgresDatabase, url: str, workers: int, jobs: int, rounds: int) -> list[float]:
    """Jobs a second: bare, ours, ours with slots."""
    best = [0.0, 0.0, 0.0]
    for _ in range(rounds):
        for i, work in enumerate((bare, ours, ours_with_slots)):
            fill(db, jobs)
            best[i] = max(best[i], jobs_per_second(url, work, workers, jobs))
    return best


def measure_queue(db: PostgresDatabase, url: str, jobs: int, rounds: int, *, durable: bool) -> None:
    """Prints a line for each number of workers."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"alter system set synchronous_commit = {'on' if durable else 'off'}".encode())
        connection.execute("select pg_reload_conf()")
    click.echo(f"{'durable' if durable else 'not waiting for the disk'}, {jobs:,} jobs a round:")
    for workers in WORKERS:
        plain, own, slots = best_of(db, url, workers, jobs, rounds)
        verdict = "" if min(own, slots) >= BAR * plain else f"  BELOW {BAR}"
        click.echo(
            f"  {workers} workers: bare {plain:6.0f}/s   ours {own:6.0f}/s ({own / plain:.2f})   "
            f"with slots counted {slots:6.0f}/s ({slots / plain:.2f}){verdict}"
        )


@click.command()
@click.option("--jobs", default=1000, show_default=True)
@click.option("--rounds", default=3, show_default=True)
def main(jobs: int, rounds: int) -> None:
    with database() as (db, url):
        measure_queue(db, url, jobs, rounds, durable=True)
        measure_queue(db, url, jobs, rounds, durable=False)


if __name__ == "__main__":
    main()
