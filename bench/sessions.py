"""What people wait for while very many have the dashboard open.

    python -m bench.sessions [--sessions 50] [--seconds 60] [--judging]

Every session is a websocket of its own that speaks Streamlit's protocol, as a browser does, and does
something every few seconds: another page, a filter, a video. Told are the times from a request to the end of
its script, what each session added to the memory of the dashboard, and how busy that was. With --judging all
videos are marked again and again, so that the worker judges all the while. First the history is written.
"""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from random import Random
from typing import NamedTuple

import click
import psutil
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from bench.pages import free_port, wait_until
from lib.data.connect import open_database
from lib.data.postgres import PostgresDatabase
from lib.data.videos import list_videos
from lib.settings import ROOT, Settings

PAUSE = (2.0, 6.0)  # seconds between two things that one person does
PLACES = [
    ("overview", "window=7d"),
    ("overview", "window=24h"),
    ("videos", "window=7d"),
    ("videos", "window=7d&status=failed"),
    ("videos", "window=7d&trouble=stuck"),
    ("stages", "window=7d"),
    ("errors", "window=7d"),
    ("latency", "window=7d"),
    ("recover", ""),
    ("audit", ""),
]

Waited = dict[str, list[float]]  # seconds, by page


@click.command()
@click.option("--sessions", default=50, show_default=True)
@click.option("--seconds", default=60.0, show_default=True)
@click.option("--judging", is_flag=True)
def main(sessions: int, seconds: float, judging: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        command = [sys.executable, "-m", "lib", "run", "--port", str(port), "--data", folder]
        server = subprocess.Popen(command, cwd=ROOT)
        try:
            url = f"http://127.0.0.1:{port}"
            wait_until(url, lambda health: bool(health.get("ready")))
            wait_until(url, lambda health: bool(health["parts"]["workers"].get("alive")))
            wait_until(url, lambda health: health["parts"]["judging"].get("waiting") == 0)
            database = open_database(Settings.model_validate({"data_dir": Path(folder)}))
            assert isinstance(database, PostgresDatabase)
            measure(Dashboard(url, psutil.Process(server.pid), database), sessions, seconds, judging=judging)
            database.close()
        finally:
            server.terminate()
            server.wait(60)


class Dashboard(NamedTuple):
    url: str
    process: psutil.Process
    database: PostgresDatabase


def measure(dashboard: Dashboard, sessions: int, seconds: float, *, judging: bool) -> None:
    process = dashboard.process
    places = [*PLACES, *(("video", f"id={row['id']}") for row in list_videos(dashboard.database, limit=10))]
    asyncio.run(live(dashboard.url, places, 1, 5.0))  # imports what a first page needs
    before, spent, began = process.memory_info().rss, process.cpu_times(), time.monotonic()
    waited, most = asyncio.run(watched(dashboard, places, sessions, seconds, judging=judging))
    lasted, after = time.monotonic() - began, process.cpu_times()
    for page, times in sorted(waited.items()):
        click.echo(f"{page:14}{len(times):6}{statistics.median(times) * 1000:8.0f} ms")
    every = sorted(each for times in waited.values() for each in times)
    busy = (after.user + after.system - spent.user - spent.system) / lasted
    click.echo(
        f"{sessions} sessions, {len(every)} interactions in {lasted:.0f} s: median "
        f"{statistics.median(every) * 1000:.0f} ms, 95% {every[int(len(every) * 0.95)] * 1000:.0f} ms, "
        f"longest {every[-1] * 1000:.0f} ms\n"
        f"{(most - before) / 2**20 / sessions:.1f} MB a session ({before / 2**20:.0f} MB before, "
        f"{most / 2**20:.0f} at most); the dashboard's process kept {busy:.2f} processors busy"
    )


def mark(database: PostgresDatabase) -> None:
    with database.transaction("bench") as connection:
        connection.execute("insert into dailies.dirty (video_id) select id from public.videos")


async def watched(
    dashboard: Dashboard, places: list[tuple[str, str]], sessions: int, seconds: float, *, judging: bool
) -> tuple[Waited, int]:
    """What they waited, and the most memory that the server had meanwhile."""
    living = asyncio.create_task(live(dashboard.url, places, sessions, seconds))
    most = 0
    while not living.done():
        most = max(most, dashboard.process.memory_info().rss)
        if judging:
            await asyncio.to_thread(mark, dashboard.database)
        await asyncio.wait([living], timeout=2)
    return living.result(), most


async def live(url: str, places: list[tuple[str, str]], sessions: int, seconds: float) -> Waited:
    """All sessions at once, each opened within the first of PAUSE."""
    waited: Waited = defaultdict(list)
    ends = time.monotonic() + seconds
    async with asyncio.TaskGroup() as group:
        for number in range(sessions):
            group.create_task(session(url, places, ends, Random(number), waited))
    return waited


async def session(url: str, places: list[tuple[str, str]], ends: float, rng: Random, waited: Waited) -> None:
    await asyncio.sleep(rng.uniform(0, PAUSE[1]))
    address = f"ws{url[4:]}/_stcore/stream"
    streamlit = [Subprotocol("streamlit")]
    async with connect(address, origin=Origin(url), subprotocols=streamlit, max_size=None) as browser:
        while time.monotonic() < ends:
            page, query = rng.choice(places)
            began = time.perf_counter()
            await run(browser, page, query)
            waited[page].append(time.perf_counter() - began)
            await asyncio.sleep(rng.uniform(*PAUSE))


async def run(browser: ClientConnection, page: str, query: str) -> None:
    """From the request to the end of the script."""
    asked = BackMsg()
    asked.rerun_script.page_name = page
    asked.rerun_script.query_string = query
    await browser.send(asked.SerializeToString())
    while True:
        answer = ForwardMsg()
        answer.ParseFromString(await browser.recv(decode=False))
        if answer.WhichOneof("type") == "script_finished":
            return


if __name__ == "__main__":
    main()
