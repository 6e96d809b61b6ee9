"""How fast a drain file is read, redacted, given its keys and stored, beside plain `orjson.loads`.

    python -m bench.logs [--gigabytes 1] [--database postgresql://…]

Makes its own file: requests of generation and of polling, stack traces, other routes, repeated deliveries,
batches out of order.

What limits it: reading is bound by Python's work on each record, of which finding secrets, finding names
and making keys are half. Files are shared between processes by request; each decodes all of the file,
a tenth of the work. Storing takes as much processor time in Postgres, for five indexes and for marking
videos, as reading does: on two cores they share what there is. Four cores would nearly double both.
"""

from __future__ import annotations

import math
import os
import random
import subprocess
import sys
import tempfile
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

import click
import orjson

from lib.app import App
from lib.data.embedded.server import EmbeddedPostgres
from lib.data.migrations import migrate
from lib.data.postgres import PostgresDatabase
from lib.domain.flow import StageReader
from lib.domain.trace import LogEntry
from lib.logs.reading import WHOLE, Share, read_logs, shares
from lib.logs.report import ImportReport
from lib.operations.import_logs import batches, import_logs, together
from lib.settings import Settings
from lib.traces.correlate import correlate
from lib.traces.flows import load_flows

STACK = "".join(f"\n    at async step{n} (/var/task/.next/server/chunks/{n}.js:{n}7:{n}1)" for n in range(9))
GENERATION = (
    "[Video Generation] Starting video generation for video {video}",
    "[Video Generation] Environment check: {{ hasRunwayApiKey: true, runwayModelId: 'gen4_turbo' }}",
    "[Video Generation] Updating video {video} status to processing",
    "[Video Generation] Calling Runway API to create task for video {video}",
    "[Runway API] generateVideo function called",
    "[Runway API] Environment variables check: {{\n  hasApiKey: true,\n  apiKeyPrefix: 'key_9f2c41...',\n"
    "  modelId: 'gen4_turbo'\n}}",
    "[Runway API] Config: {{\n  modelId: 'gen4_turbo',\n  hasApiKey: true,\n  imageUrl: 'https://q7xw.public.blob."
    "vercel-storage.com/uploads/{ms}-dog.jpg...',\n  promptLength: {n},\n  duration: 8\n}}",
    "[Runway API] Calling SDK imageToVideo.create()",
    "[Runway API] Task created with ID: {task}",
    "[Video Generation] Saved runway_video_id {task} for video {video}",
)
POLL = (
    "[Runway API] Checking video status for task ID: {task}",
    "[Runway API] Task status response: {{\n  id: '{task}',\n  status: 'RUNNING',\n  progress: 0.{n}\n}}",
    "[Runway API] Extracted from task: {{ hasVideoUrl: false, videoUrl: 'undefined' }}",
)
FAILURE = (
    '[Runway API] Exception: InternalServerError: 500 {{"error":"An internal error occurred."}}' + STACK,
)
OTHER = ("GET /api/health 200 from {ip} in {n} ms", "Session of user{n}@example.com refreshed")
MIX = (GENERATION, POLL, POLL, POLL, OTHER, FAILURE)


def records(seed: int = 1) -> Iterator[bytes]:
    """Lines of a log drain, without end."""
    random_ = random.Random(seed)
    now, batch = 1_768_302_600_000, list[bytes]()
    for number in range(10**12):
        messages = MIX[number % len(MIX)]
        now += random_.randrange(200)
        batch.extend(_request(messages, now, random_))
        if len(batch) >= 256:
            random_.shuffle(batch)
            yield from batch
            yield from batch[: len(batch) // 50]
            batch.clear()


def _request(messages: tuple[str, ...], start: int, random_: random.Random) -> Iterator[bytes]:
    request = f"iad1::{random_.randrange(36**5):05x}-{start}-{random_.getrandbits(48):012x}"
    values = {
        "video": uuid.UUID(int=random_.getrandbits(128)),
        "task": uuid.UUID(int=random_.getrandbits(128)),
        "ms": start,
        "n": random_.randrange(100, 999),
        "ip": f"203.0.113.{random_.randrange(256)}",
    }
    path = "/api/videos/status" if messages is POLL else "/api/videos/generate"
    for number, message in enumerate(messages):
        at = start + 20 + number * 7
        yield orjson.dumps(
            {
                "id": f"{at}{random_.getrandbits(40):015d}",
                "deploymentId": "dpl_fc61f96077674b3521e7144934fd",
                "source": "lambda",
                "host": "petgroove.app",
                "timestamp": at,
                "projectId": "prj_96077674b3521e7144934fd2245c",
                "level": "error" if messages is FAILURE else "info",
                "message": message.format(**values),
                "type": "stdout",
                "entrypoint": "app/api/videos/generate/route.ts",
                "path": path,
                "statusCode": 200,
                "requestId": request,
                "environment": "production",
                "branch": "main",
                "executionRegion": "iad1",
                "projectName": "petgroove",
                "proxy": {
                    "timestamp": start,
                    "method": "POST",
                    "host": "petgroove.app",
                    "path": path,
                    "userAgent": ["Mozilla/5.0"],
                    "region": "iad1",
                    "statusCode": 200,
                    "scheme": "https",
                    "clientIp": values["ip"],
                    "vercelCache": "MISS",
                },
            }
        )


def write_drain(path: Path, size: int) -> int:
    """A drain file of about `size` bytes; returns its lines."""
    written = lines = 0
    with path.open("wb") as file:
        for line in records():
            written += file.write(line + b"\n")
            lines += 1
            if written >= size:
                break
    return lines


def parse_only(path: Path) -> None:
    """What everything else is measured against."""
    with path.open("rb") as file:
        for line in file:
            orjson.loads(line)


def read_share(path: Path, share: Share = WHOLE) -> ImportReport:
    """Parsed, redacted, repeats dropped, with keys and the ids that messages name: all but storing."""
    report = ImportReport()
    deque(batches(read_logs(path, report, share), StageReader(load_flows())), maxlen=0)
    return report


def store_share(path: Path, url: str, import_id: uuid.UUID, share: Share) -> ImportReport:
    with closing(App(Settings(), PostgresDatabase(url, label="bench"), operator="bench")) as app:
        return import_logs(app, path, name=path.name, import_id=import_id, share=share)


def pasted(lines: int) -> list[LogEntry]:
    """A text without request ids: runs that overlap, of which most stop somewhere for good."""
    random_ = random.Random(2)
    entries: list[LogEntry] = []
    while len(entries) < lines:
        start = len(entries) * 20
        ids = {
            "video": uuid.UUID(int=random_.getrandbits(128)),
            "task": uuid.UUID(int=random_.getrandbits(128)),
        }
        for number, message in enumerate(GENERATION[: random_.randrange(3, len(GENERATION) + 1)]):
            text = message.format(**ids, ms=start, n=500)
            entries.append(LogEntry(start + number * 70, "info", text, None))
    return entries[:lines]


def show_growth() -> None:
    """Prints by which power of its length the time to tell apart a text without request ids grows."""
    reader, sizes = StageReader(load_flows()), (5_000, 20_000, 80_000)
    seconds = [took(partial(correlate, pasted(size), (), (), reader)).processor for size in sizes]
    for size, second, before, less in zip(sizes[1:], seconds[1:], seconds, sizes, strict=False):
        power = math.log(second / before) / math.log(size / less)
        print(f"text without request ids, {size} lines: {second:.2f} s, power {power:.2f} (bar 1.10)")


class Took(NamedTuple):
    seconds: float
    processor: float  # seconds, of this process and those it started; not of Postgres


def took(work: Callable[[], object]) -> Took:
    started, before = time.perf_counter(), os.times()
    work()
    after = os.times()
    return Took(time.perf_counter() - started, sum(after[:4]) - sum(before[:4]))


def peak_mebibytes(path: Path) -> float:
    """The most memory that a process of its own uses for `read_share`."""
    code = f"import pathlib, bench.logs as b; b.read_share(pathlib.Path({str(path)!r})); b.print_peak()"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return float(done.stdout)


def print_peak() -> None:
    """In MiB. Not from getrusage, which starts a new process with the peak of its parent."""
    status = Path("/proc/self/status").read_text("utf-8")
    print(int(status.partition("VmHWM:")[2].split()[0]) / 1024)


@contextmanager
def a_database(folder: Path, url: str | None) -> Iterator[str]:
    """The address of `url`'s, else of an embedded one of its own with the settings it always has."""
    server = None if url else EmbeddedPostgres(folder / "postgres").start()
    address = url or (server.conninfo() if server else "")
    database = PostgresDatabase(address, label="bench")
    migrate(database)
    database.close()
    try:
        yield address
    finally:
        if server:
            server.stop()


@click.command()
@click.option("--gigabytes", default=1.0, show_default=True, help="Size of the file.")
@click.option("--database", help="Address of the Postgres to load into; an embedded one otherwise.")
def main(gigabytes: float, database: str | None) -> None:
    """How fast and in how much memory a drain file is read and stored."""
    with tempfile.TemporaryDirectory(prefix="dailies-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # the embedded server may run as another user
        path = folder / "drain.ndjson"
        lines = write_drain(path, round(gigabytes * 2**30))
        parts = shares(path, big=0)
        print(f"{lines} lines, {path.stat().st_size / 2**30:.2f} GiB, {len(parts)} processes")
        plain = show("plain orjson.loads, one process", lines, took(partial(parse_only, path)))
        for label, of in (("one process", [WHOLE]), ("all", parts)):
            read = partial(together, partial(read_share, path), of)
            show(f"parsed, redacted, correlated, {label}", lines, took(read), plain, 0.40)
        with a_database(folder, database) as url:
            store = partial(together, partial(store_share, path, url, uuid.uuid4()), parts)
            show("the same, stored by COPY, all", lines, took(store), plain, 0.20)
        for part in (8, 4, 2, 1):
            smaller = folder / f"part-{part}.ndjson"
            write_drain(smaller, path.stat().st_size // part)
            print(f"peak memory of one process, 1/{part} of the file: {peak_mebibytes(smaller):.0f} MiB")
            smaller.unlink()
    show_growth()


def show(what: str, lines: int, took: Took, plain: float | None = None, bar: float = 0) -> float:
    """Prints lines a second, with their share of `plain`; returns them."""
    rate = lines / took.seconds
    share = f"  {rate / plain:.2f} of plain (bar {bar:.2f})" if plain else ""
    print(
        f"{what:<42}{rate:>10.0f} lines/s {took.processor / lines * 1e6:>6.2f} us of processor a line{share}"
    )
    return rate


if __name__ == "__main__":
    main()
