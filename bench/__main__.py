"""Every figure, by one command: measures all there is and writes docs/benchmarks.md.

    python -m bench [--full] [--only NAME…]

About half an hour on two quiet cores; with --full, which adds a million videos and a gigabyte of logs, two
hours and 25 GB of disk. `--only` measures these again and leaves the other sections of the document as they
are. Whatever else the machine does meanwhile is in the figures: its load stands above each section.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from bench.plot import exponent, growth
from lib.data.embedded.installation import Installation
from lib.settings import ROOT

DOCUMENT = ROOT / "docs" / "benchmarks.md"
PICTURES = ROOT / "docs" / "pictures" / "benchmarks"
SIZES, FULL_SIZES = (10_000, 100_000), (10_000, 100_000, 1_000_000)
DAYS = 365
MOST_SECONDS = 7200  # of one bench
NAMED = 5  # the longest, in each plot
PLOTS = {"lists": "Lists, and a video", "week": "A week", "year": "A year", "now": "Now"}


class Bench(NamedTuple):
    """`command` as it is typed after python, `full` what a full run adds."""

    title: str
    module: str
    arguments: tuple[str, ...] = ()
    full: tuple[str, ...] = ()


BENCHES = {
    "pages": Bench("Server time of each page", "bench.pages"),
    "browser": Bench("In the browser", "bench.browser"),
    "peers": Bench("Beside other dashboards", "bench.peers"),
    "logs": Bench("Reading and storing logs", "bench.logs", ("--gigabytes", "0.15"), ("--gigabytes", "1")),
    "drain": Bench("Log drain", "bench.drain"),
    "diagnosis": Bench("Tracing, beside pm4py", "bench.diagnosis"),
    "judging": Bench("Judging, sweep and recoveries of very many stuck videos", "bench.judging"),
    "sessions": Bench("Fifty sessions at once", "bench.sessions"),
    "queue": Bench("Queue", "bench.queue"),
    "migrate": Bench(
        "Migration beside a running app", "bench.migrate", ("--videos", "100000"), ("--videos", "1000000")
    ),
    "faults": Bench("Faults", "tests.faults"),
    "start": Bench("From the first command to the first page", "bench.start"),
}
GROWTH = "Questions of pages and workers"


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--full", action="store_true", help="A million videos, a gigabyte of logs.")
    options.add_argument("--only", nargs="+", choices=[*BENCHES, "queries"], default=[])
    chosen = options.parse_args()
    wanted = chosen.only or [*BENCHES, "queries"]
    failed = []
    for name, bench in BENCHES.items():
        if name in wanted:
            arguments = (chosen.full and bench.full) or bench.arguments
            code, said = measured(bench.module, *arguments)
            write(bench.title, said)
            failed += [name] if code else []
    if "queries" in wanted:
        try:
            write(GROWTH, "\n".join(questions(FULL_SIZES if chosen.full else SIZES)))
        except subprocess.CalledProcessError:
            failed.append("queries")
    if failed:
        raise SystemExit(f"Not measured: {', '.join(failed)}. Why stands in {DOCUMENT.relative_to(ROOT)}.")


def measured(module: str, *arguments: str) -> tuple[int, str]:
    """What a bench prints, with its command, the load when it began and how long it took."""
    command = ["-m", module, *arguments]
    print(f"python {' '.join(command)}", flush=True)
    load, began = os.getloadavg()[0], time.monotonic()
    done = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=MOST_SECONDS,
        check=False,
    )
    said = done.stdout if done.returncode == 0 else f"{done.stdout}\n{done.stderr[-2000:]}\nIt failed."
    spent = time.monotonic() - began
    head = f"`python {' '.join(command)}`, {datetime.now(UTC):%Y-%m-%d}, load {load:.1f}, in {spent:.0f} s:"
    return done.returncode, f"{head}\n\n```text\n{said.strip()}\n```"


def questions(sizes: tuple[int, ...]) -> Iterator[str]:
    """Each question at each size, by which power it grows, and plots. Raises CalledProcessError."""
    times: list[dict[str, tuple[float, float, float]]] = []
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "times.json"
            code, said = measured(
                "bench.queries", "--videos", str(size), "--days", str(DAYS), "--json", str(file)
            )
            if code:
                write(GROWTH, said)
                raise subprocess.CalledProcessError(code, "bench.queries")
            times.append(json.loads(file.read_text()))
            yield re.sub(r" --json \S+?(?=`)", "", said.partition("\n")[0])
            yield f"{said.splitlines()[3]}.\n"
    grown = {name: exponent(sizes, [each[name][1] for each in times]) for name in times[0]}
    PICTURES.mkdir(parents=True, exist_ok=True)
    for plot, title in PLOTS.items():
        lines = {name: [each[name][1] for each in times] for name in grown if plot_of(name) == plot}
        longest = sorted(lines, key=lambda name: lines[name][-1], reverse=True)
        picture = PICTURES / f"{plot}.svg"
        picture.write_text(growth(title, sizes, lines, longest[:NAMED]))
        yield f"![{title}]({picture.relative_to(DOCUMENT.parent)})\n"
    yield "Median (least–most) in ms; the power of the number of videos by which the median grows:\n"
    yield f"| question | {' | '.join(f'{size:,} videos' for size in sizes)} | power |"
    yield f"| --- |{' ---: |' * (len(sizes) + 1)}"
    for name, power in grown.items():
        cells = (
            f"{usual:.1f} ({least:.1f}–{most:.1f})" for least, usual, most in (each[name] for each in times)
        )
        yield f"| {name} | {' | '.join(cells)} | {power:.2f} |"


def plot_of(question: str) -> str:
    if question.startswith(("videos:", "one video", "its ", "a video")):
        return "lists"
    if question.endswith((f"{DAYS} days", "all times")):
        return "year"
    return "week" if question.endswith("7 days") else "now"


def write(title: str, text: str) -> None:
    """Puts a section into the document, instead of the one with its title. What the command does not know of
    stays, and comes last."""
    document = DOCUMENT.read_text("utf-8") if DOCUMENT.exists() else "# What it costs\n"
    head, *sections = re.split(r"^## ", document, flags=re.M)
    found = dict(section.split("\n", 1) for section in sections) | {title: text}
    order = [bench.title for bench in BENCHES.values()] + [GROWTH]
    titles = sorted(found, key=lambda each: order.index(each) if each in order else len(order))
    head = re.sub(r"<!-- versions -->.*", f"<!-- versions -->\n{versions()}", head, flags=re.S)
    parts = [head.strip(), *(f"## {each}\n\n{found[each].strip()}" for each in titles)]
    DOCUMENT.write_text("\n\n".join(parts) + "\n", "utf-8")


def versions() -> str:
    postgres = Installation(Path("unused")).major
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()
    packages = ", ".join(f"{name} {version(name)}" for name in ("streamlit", "psycopg", "plotly"))
    return (
        f"Last measured at {commit}: {processor()}, {os.cpu_count()} cores, {memory:.0f} GB, "
        f"{platform.platform()}, Python {platform.python_version()}, Postgres {postgres}, {packages}."
    )


def processor() -> str:
    told = Path("/proc/cpuinfo")
    names = re.findall(r"model name\s*: (.*)", told.read_text()) if told.exists() else []
    return names[0] if names else platform.processor() or platform.machine()


if __name__ == "__main__":
    main()
