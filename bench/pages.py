"""Server time of every page on the seeded history, and the memory of the dashboard's process.

    python -m bench.pages                starts a server of its own, in a folder of its own
    python -m bench.pages URL PID DATA   measures one that runs on the data folder DATA

Over the websocket, as a browser does it: from the request to run the page to the end of its script. A
`cold` run finds the loaders' caches expired; the others find them filled.
"""

from __future__ import annotations

import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import psutil
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect
from websockets.sync.connection import Connection
from websockets.typing import Origin, Subprotocol

from lib.data.connect import open_database
from lib.data.videos import Filters, list_videos
from lib.settings import ROOT, Settings

PAGES = ("overview", "videos", "stages", "errors", "recover", "audit", "generate", "environment")
RUNS = 15
CACHE_SECONDS = 10.5  # of lib/ui/kit/loaders.py


def main() -> None:
    if len(sys.argv) == 4:
        report(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
        return
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        server = subprocess.Popen(
            [sys.executable, "-m", "lib", "run", "--port", str(port), "--data", folder], cwd=ROOT
        )
        try:
            url = f"http://127.0.0.1:{port}"
            began = time.monotonic()
            wait_until(url, lambda health: bool(health.get("ready")))
            print(f"database open               {time.monotonic() - began:6.1f} s")
            wait_until(url, lambda health: bool(health["parts"]["workers"].get("alive")))
            print(f"history written             {time.monotonic() - began:6.1f} s")
            wait_until(url, lambda health: health["parts"]["judging"].get("waiting") == 0)
            print(f"all of it judged            {time.monotonic() - began:6.1f} s\n")
            report(url, server.pid, Path(folder))
        finally:
            server.terminate()
            server.wait(60)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until(url: str, condition: Callable[[dict[str, Any]], bool]) -> None:
    while True:
        try:
            health = httpx.get(f"{url}/api/health", timeout=5, trust_env=False).json()
            if "parts" in health and condition(health):
                return
        except (httpx.HTTPError, ValueError):
            pass
        time.sleep(0.2)


def stuck_video(data: Path) -> str:
    database = open_database(Settings.model_validate({"data_dir": data}))
    try:
        return list_videos(database, Filters(trouble="stuck"), limit=1)[0]["id"]
    finally:
        database.close()


def report(url: str, pid: int, data: Path) -> None:
    print(f"{'page':<14}{'first':>8}{'cold':>8}{'median':>8}{'p95':>8}   milliseconds")
    queries = {**dict.fromkeys(PAGES, "window=7d"), "video": f"id={stuck_video(data)}"}
    with connect(
        f"ws{url[4:]}/_stcore/stream",
        origin=Origin(url),
        subprotocols=[Subprotocol("streamlit")],
        max_size=None,
    ) as browser:
        for page, query in queries.items():
            first = run(browser, page, query)
            time.sleep(CACHE_SECONDS)
            cold = run(browser, page, query)
            warm = sorted(run(browser, page, query) for _ in range(RUNS))
            median, slow = statistics.median(warm), warm[int(RUNS * 0.95)]
            print(f"{page:<14}{first:8.0f}{cold:8.0f}{median:8.0f}{slow:8.0f}")
    memory = psutil.Process(pid).memory_info().rss
    print(f"\nresident memory of the dashboard's process: {memory / 2**20:.0f} MB")


def run(browser: Connection, page: str, query: str) -> float:
    """Milliseconds from the request to the end of the script."""
    message = BackMsg()
    message.rerun_script.page_name = page
    message.rerun_script.query_string = query
    began = time.perf_counter()
    browser.send(message.SerializeToString())
    while True:
        answer = ForwardMsg()
        answer.ParseFromString(bytes(browser.recv(timeout=60)))  # type: ignore[arg-type]
        if answer.WhichOneof("type") == "script_finished":
            return (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    main()
