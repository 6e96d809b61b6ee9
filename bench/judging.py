"""What judging, the sweep and recoveries cost when very many videos are stuck at once.

    python -m bench.judging [--videos 10000] [--lost 1000] [--old 0] [--profile]

The videos' functions were all killed within the same hour, with the log that the app leaves then, status
checks and all. Measured: until all are judged and listed; what a sweep would decide (its preview) and what
it does; how long lost task ids take, which the logs name, at a Runway that answers in 50 ms and at one that
takes 200, beside what its answers alone take, that many at once; and whether a video that comes while --old
verdicts are given anew waits for them. Beside the time stand the seconds of processor of this process and
of the database's: other work on the machine does not make those much longer.
"""

from __future__ import annotations

import asyncio
import cProfile
import multiprocessing
import os
import pstats
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from uuid import UUID

import click
import psutil
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from bench.filled import fill
from bench.pages import free_port
from lib.app import App
from lib.data.embedded.server import EmbeddedPostgres
from lib.data.logs import add_logs, entry_row
from lib.data.migrations import complete, migrate
from lib.data.overview import overview
from lib.data.postgres import PostgresDatabase
from lib.data.videos import Filters, import_videos, list_videos
from lib.logs.repeats import EntryKeys
from lib.operations.judge import JUDGED_AT_ONCE, judge_dirty
from lib.operations.sweep import AT_ONCE, preview, sweep
from lib.runway.client import connect
from lib.runway.simulator import SIMULATOR_KEY
from lib.seed.calendar import Planned
from lib.seed.history import History
from lib.seed.render import Renderer
from lib.settings import Settings
from lib.worker.start import start_judge

ANSWERS = (0.05, 0.2)  # seconds
PROFILED = 40  # functions
PIECE = 500


class Bench:
    """A database of its own, a Runway, and the app between them."""

    def __init__(self, folder: Path, runway_url: str, *, profiled: bool) -> None:
        self.folder = folder
        self.server = EmbeddedPostgres(folder / "postgres").start()
        self.db = PostgresDatabase(self.server.conninfo(), label="bench", statement_seconds=120)
        migrate(self.db)
        settings = Settings.model_validate({"data_dir": folder})
        self.app = App(settings, self.db, connect(SIMULATOR_KEY, runway_url), "bench")
        self._profiled = profiled

    def close(self) -> None:
        self.app.close()
        self.server.stop()

    @contextmanager
    def measured(self, what: str, n: int) -> Iterator[None]:
        """Says how long it took, and what it took of the processors."""
        profile = cProfile.Profile() if self._profiled else None
        began, own, databases = time.perf_counter(), own_seconds(), self._database_seconds()
        with profile or nullcontext():
            yield
        spent, own = time.perf_counter() - began, own_seconds() - own
        databases = self._database_seconds() - databases
        click.echo(f"{what:60}{spent:7.1f} s{n / spent:9,.0f}/s   processor: {own:6.1f} + {databases:6.1f} s")
        if profile:  # of this thread
            pstats.Stats(profile).sort_stats("cumulative").print_stats(PROFILED)

    def _database_seconds(self) -> float:
        """Of all its connections, those that are closed by now too."""
        server = psutil.Process(self.server.postmaster_pid())
        ended = server.cpu_times()
        going_on = [process.cpu_times() for process in server.children()]
        spent = ended.children_user + ended.children_system
        return float(spent + sum(times.user + times.system for times in going_on))


def own_seconds() -> float:
    """Of this process, and of those that judged for it and have ended."""
    return sum(os.times()[:4])


@contextmanager
def started(answer_seconds: float, *, profiled: bool) -> Iterator[Bench]:
    with runway(answer_seconds) as url, tempfile.TemporaryDirectory(prefix="dailies bench ") as folder:
        Path(folder).chmod(0o755)
        bench = Bench(Path(folder), url, profiled=profiled)
        try:
            yield bench
        finally:
            bench.close()


@contextmanager
def runway(answer_seconds: float) -> Iterator[str]:
    """The address of one that knows every task: each has succeeded. In a process of its own."""
    port = free_port()
    answering = multiprocessing.get_context("spawn")
    process = answering.Process(target=answer, args=(port, answer_seconds), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.join()


def answer(port: int, seconds: float) -> None:
    async def task(request: Request) -> JSONResponse:
        await asyncio.sleep(seconds)
        answer = {"id": request.path_params["id"], "status": "SUCCEEDED", "cost": {"credits": 25}}
        made = {"createdAt": datetime.now(UTC).isoformat(), "output": ["https://example.com/made.mp4"]}
        return JSONResponse(answer | made)

    routes = [Route("/v1/tasks/{id}", task)]
    uvicorn.run(Starlette(routes=routes), host="127.0.0.1", port=port, log_level="error")


def stuck_at_once(bench: Bench, flow: str, scenario: str, n: int) -> None:
    """Rows of videos that went through `scenario`, all stuck now, and their logs."""
    now = datetime.now(UTC)
    told = History()
    renderer = Renderer(told, Random(n), now, lambda task: f"https://example.com/{task.id}.mp4")
    for i in range(n):
        at = now - timedelta(hours=2) + timedelta(hours=1) * i / n
        renderer.add(Planned(at, flow, "dpl_bench", scenario))
    keys = EntryKeys()
    entries = [entry_row(keys.key(each.entry), *each) for each in told.entries]
    for row in told.videos:
        row.update({"status": "processing", "error_message": None})
    for start in range(0, n, PIECE):
        import_videos(bench.db, told.videos[start : start + PIECE])
    add_logs(bench.db, {"id": str(UUID(int=n))}, entries, told.requests)
    with bench.db.session("bench") as connection:
        connection.execute("analyze")  # as Postgres does by itself within a minute
    click.echo(f"\n{n:,} videos went through {flow}/{scenario}: {len(entries):,} lines")


def judge(bench: Bench) -> None:
    """As a worker does, until nothing waits."""
    loop = start_judge(bench.app)
    while bench.db.call("dailies_health")[0]["backlog"]:
        time.sleep(0.1)
    loop.stop()


def listed(bench: Bench, stuck: int) -> None:
    """What a page shows now: the list of what is stuck, and the Overview's number."""
    assert len(list_videos(bench.db, Filters(trouble="stuck"), limit=50)) == 50
    counts = overview(bench.db, datetime.now(UTC) - timedelta(days=1))["totals"]
    assert counts["stuck"] == stuck, counts


def measure_stuck(bench: Bench, n: int) -> None:
    stuck_at_once(bench, "async-sdk", "function_terminated", n)
    with bench.measured("all of them judged, and shown", n):
        judge(bench)
        listed(bench, n)
    with bench.measured("what a sweep would decide", n):
        assert preview(bench.app, limit=n).counts() == {"ask": n}
    with bench.measured("the sweep", n):
        report = sweep(bench.app, holder="bench", limit=n)
    assert report is not None
    assert report.counts() == {"ask": n}


def measure_lost(bench: Bench, n: int, answer_seconds: float) -> None:
    stuck_at_once(bench, "sync-sdk", "db_save_failed", n)
    judge(bench)
    alone = f"answers of {answer_seconds * 1000:g} ms, alone {n * answer_seconds / AT_ONCE:.1f} s"
    with bench.measured(f"ids recovered by a sweep ({alone})", n):
        report = sweep(bench.app, holder="bench", limit=n)
    assert report is not None
    assert report.counts() == {"recover": n}, report.counts()


def measure_rebuilt(bench: Bench, n: int) -> None:
    """After an upgrade all that was judged before is judged anew; what comes meanwhile does not wait."""
    fill(bench.db, bench.folder, videos=n, entries=n, days=365)
    with bench.db.transaction("bench") as connection:
        connection.execute("truncate dailies.searched")
        connection.execute("update dailies.counted set searchable = false")
    click.echo(f"\n{n:,} older videos, which an earlier version has judged")
    with bench.measured("`migrate` marks them", n):
        complete(bench.db, lambda _: None)
    with bench.measured("the first 4,000 judged", 4000):
        for _ in range(4000 // JUDGED_AT_ONCE):
            judge_dirty(bench.app, JUDGED_AT_ONCE)
    with bench.measured("the Overview meanwhile", 1):
        overview(bench.db, datetime.now(UTC) - timedelta(days=7))
    stuck_at_once(bench, "async-sdk", "function_terminated", JUDGED_AT_ONCE // 2)
    judge_dirty(bench.app, JUDGED_AT_ONCE)
    newest = list_videos(bench.db, Filters(trouble="stuck"), limit=JUDGED_AT_ONCE)
    fresh = sum(row["deployment_id"] == "dpl_bench" for row in newest)
    click.echo(f"of {JUDGED_AT_ONCE // 2} that came meanwhile, the next round judged {fresh}")


@click.command()
@click.option("--videos", default=10_000, show_default=True)
@click.option("--lost", default=1000, show_default=True)
@click.option("--old", default=0, show_default=True, help="Videos that were judged by an earlier version.")
@click.option("--profile", is_flag=True)
def main(videos: int, lost: int, old: int, profile: bool) -> None:
    with started(ANSWERS[0], profiled=profile) as bench:
        if videos:
            measure_stuck(bench, videos)
        if old:
            measure_rebuilt(bench, old)
    for seconds in ANSWERS if lost else ():
        with started(seconds, profiled=profile) as bench:
            measure_lost(bench, lost, seconds)


if __name__ == "__main__":
    main()
