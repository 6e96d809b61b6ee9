"""How many log drain entries a second are stored, and whether memory stays flat meanwhile.

    python -m bench.drain [--seconds 30] [--entries 500] [--senders 4]

A real server in a process of its own, over a fresh embedded Postgres; signed deliveries from several senders
at once, one in ten of them sent again, as Vercel does when an answer was late. Sender, server and Postgres
share the machine.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import itertools
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import httpx
import psutil
import uvicorn
from starlette.applications import Starlette

from bench.logs import records
from lib.app import App
from lib.data.embedded.server import EmbeddedPostgres
from lib.data.migrations import migrate
from lib.data.postgres import PostgresDatabase
from lib.settings import Settings
from lib.web.log_drain import PATH
from lib.web.routes import routes

SECRET = "bench-secret"


class Figures(NamedTuple):
    entries: int
    seconds: float
    answers: list[float]  # milliseconds
    memory: list[float]  # MB of the server, once a second


def serve(url: str, port: int) -> None:
    settings = Settings.model_validate({"log_drain_secret": SECRET})
    app = App(settings, PostgresDatabase(url, label="bench"))
    uvicorn.run(Starlette(routes=routes(lambda: app)), port=port, log_level="error", access_log=False)


def deliveries(entries: int, seed: int) -> Iterator[bytes]:
    """One in ten comes twice."""
    source = records(seed)
    for number in itertools.count():
        body = b"\n".join(itertools.islice(source, entries))
        yield body
        if number % 10 == 0:
            yield body


def send(address: str, bodies: Iterator[bytes], ends: float, answers: list[float], stored: list[int]) -> None:
    with httpx.Client(base_url=address, timeout=60, trust_env=False) as client:
        while time.monotonic() < ends:
            body = next(bodies)
            signature = hmac.new(SECRET.encode(), body, hashlib.sha1).hexdigest()
            began = time.perf_counter()
            answer = client.post(PATH, content=body, headers={"x-vercel-signature": signature})
            answers.append(1000 * (time.perf_counter() - began))
            stored.append(answer.raise_for_status().json()["stored"])


def measure(address: str, pid: int, seconds: float, entries: int, senders: int) -> Figures:
    answers, stored, memory = list[float](), list[int](), list[float]()
    server, began = psutil.Process(pid), time.monotonic()
    ends = began + seconds
    threads = [
        threading.Thread(target=send, args=(address, deliveries(entries, seed), ends, answers, stored))
        for seed in range(senders)
    ]
    for thread in threads:
        thread.start()
    while time.monotonic() < ends:
        time.sleep(1)
        memory.append(server.memory_info().rss / 1e6)
    for thread in threads:
        thread.join()
    return Figures(sum(stored), time.monotonic() - began, answers, memory)


def report(figures: Figures) -> None:
    quarter = max(len(figures.memory) // 4, 1)
    second, last = (
        statistics.mean(part) for part in (figures.memory[quarter : 2 * quarter], figures.memory[-quarter:])
    )
    rate = figures.entries / figures.seconds
    print(f"{figures.entries:,} entries stored in {figures.seconds:.0f} s: {rate:,.0f}/s")
    percentile = statistics.quantiles(figures.answers, n=20)[-1]
    print(f"an answer took {statistics.median(figures.answers):.0f} ms (median), {percentile:.0f} ms (p95)")
    print(
        f"memory {second:.0f} MB in the second quarter, {last:.0f} MB in the last, "
        f"{max(figures.memory):.0f} MB at most"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--entries", type=int, default=500, help="a delivery")
    parser.add_argument("--senders", type=int, default=4)
    parser.add_argument("--serve", nargs=2, metavar=("URL", "PORT"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve[0], int(options.serve[1]))
        return
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # Postgres runs as another user where this is root
        postgres = EmbeddedPostgres(Path(folder) / "postgres").start()
        database = PostgresDatabase(postgres.conninfo, label="bench")
        migrate(database)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        command = [sys.executable, "-m", "bench.drain", "--serve", postgres.conninfo(), str(port)]
        server = subprocess.Popen(command)
        try:
            wait_for(port)
            report(
                measure(
                    f"http://127.0.0.1:{port}", server.pid, options.seconds, options.entries, options.senders
                )
            )
        finally:
            server.terminate()
            server.wait()
            database.close()
            postgres.stop()


def wait_for(port: int) -> None:
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise SystemExit("The server did not start.")


if __name__ == "__main__":
    main()
