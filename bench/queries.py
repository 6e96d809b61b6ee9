"""What the pages' queries cost at scale, and by which plan.

    python -m bench.queries [--videos 100000] [--days 365]

Fills a fresh embedded Postgres with videos over that many days, ten log entries and a verdict each, counts
them by hour and day and makes them searchable, then times every reading function (median of 9 calls). The
last columns are the indexes each one used and the rows it read without any, so that a list that walks a whole
table shows.
Figures of two runs compare only on one machine: look at the ratios.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from lib.data.database import Database
from lib.data.embedded.server import EmbeddedPostgres
from lib.data.migrations import migrate, recount
from lib.data.postgres import PostgresDatabase

REPEAT = 9
FILL = Path(__file__).with_name("fill.sql")
# Scans of this transaction: every index used, and the rows that were read without one.
SCANS = """
select c.relkind = 'i', c.relname, case c.relkind
    when 'i' then pg_stat_get_xact_numscans(c.oid) else pg_stat_get_xact_tuples_returned(c.oid) end
from pg_class c where c.relnamespace in ('public'::regnamespace, 'dailies'::regnamespace)
    and c.relkind in ('r', 'i') order by 1, 2
"""


FLOW = {"p_flow": "sync-sdk"}
STRIDE = {"p_bucket_seconds": 86400}  # that of the pages is 6 hours for 7 days, and 30 days for 365
SPANS: list[tuple[str, str, dict[str, Any]]] = [
    ("error groups", "dailies_error_groups", {}),
    *(
        (f"errors by {by}", "dailies_errors_by", STRIDE | {"p_by": by})
        for by in ("cause", "group", "deployment", "hour")
    ),
    ("stage funnel", "dailies_stage_funnel", {}),
    ("stage latency", "dailies_stage_latency", FLOW | STRIDE | {"p_own": False}),
    ("first missing stage", "dailies_first_missing", FLOW),
    ("incidents", "dailies_incidents", {}),
    ("deployments", "dailies_deployments", {}),
    ("latency", "dailies_latency", STRIDE),
    ("latency, how it spreads", "dailies_latency_histogram", {}),
    ("ledger of credits", "dailies_ledger", {}),
    ("cost by day", "dailies_cost_by_day", {}),
]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--videos", type=int, default=100_000)
    options.add_argument("--days", type=int, default=365)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        server = EmbeddedPostgres(Path(folder) / "postgres").start()
        try:
            measure(server, chosen.videos, chosen.days)
        finally:
            server.stop()


def measure(server: EmbeddedPostgres, videos: int, days: int) -> None:
    database = PostgresDatabase(server.conninfo, label="bench", statement_seconds=120)
    migrate(database)
    started = time.perf_counter()
    fill(server, videos, days)
    spent = time.perf_counter() - started
    print(f"{videos:,} videos over {days} days and {videos * 10:,} log entries, filled in {spent:.0f} s")
    started = time.perf_counter()
    recount(database)
    print(f"counted by hour and day in {time.perf_counter() - started:.0f} s\n")
    with psycopg.connect(server.conninfo(), autocommit=True) as explained:
        explained.execute("select dailies.index_words()")
        explained.execute("update dailies.counted set searchable = true")
        floor = milliseconds(lambda: database.call("dailies_find_videos", p_text="nobody"))
        print(f"{'question':44}{'ms':>9}{'/floor':>8}  indexes | sequential scans")
        for name, function, arguments in questions(database, days):
            spent = milliseconds(lambda f=function, a=arguments: database.call(f, **a))  # type: ignore[misc]
            print(f"{name:44}{spent:9.1f}{spent / floor:8.0f}  {plan(explained, function, arguments)}")
    database.close()


def fill(server: EmbeddedPostgres, videos: int, days: int) -> None:
    with psycopg.connect(server.conninfo(), autocommit=True) as connection:
        connection.execute(FILL.read_text().format(days=days, videos=videos).encode())
        connection.execute("vacuum analyze")


def questions(database: Database, days: int) -> list[tuple[str, str, dict[str, Any]]]:
    now = datetime.now(UTC)
    week = {"p_from": (now - timedelta(days=7)).isoformat(), "p_to": now.isoformat()}
    newest = database.call("dailies_list_videos", p_limit=1)[0]["id"]
    user = database.call("dailies_video", p_id=newest)[0]["video"]["user_id"]
    year = {"p_from": (now - timedelta(days=days)).isoformat(), "p_to": now.isoformat()}
    middle = (now - timedelta(days=days / 2)).isoformat()
    deep = {"p_after_at": middle, "p_after_id": newest}
    lists: list[tuple[str, dict[str, Any]]] = [
        ("newest 50", {}),
        ("50 from the middle", deep),
        ("failed, from the middle", deep | {"p_statuses": ["failed"]}),
        ("a status that hardly occurs", {"p_statuses": ["queued"]}),
        ("a cause, from the middle", deep | {"p_causes": ["moderated"]}),
        ("a cause that never occurs", {"p_causes": ["cancelled"]}),
        ("stuck", {"p_trouble": "stuck"}),
        ("recoverable, from the middle", deep | {"p_trouble": "recoverable"}),
        ("any trouble", {"p_trouble": "any"}),
        ("an error group, 7 days", week | {"p_error_group": "Task <id> failed after <n> s: moderated"}),
        ("text, in every prompt", {"p_search": "waltz"}),
        ("text, in one prompt", {"p_search": "number 4711 "}),
        ("text, in an error", {"p_search": "after 17 s: no cred"}),
        ("text, part of an id", {"p_search": str(newest)[9:18]}),
        ("text, nowhere, 7 days", week | {"p_search": "no such words"}),
        ("text, nowhere, all times", {"p_search": "no such words"}),
        ("of a user", {"p_user": user}),
        ("of a user who has none", {"p_user": "nobody"}),
    ]
    return [
        *((f"videos: {name}", "dailies_list_videos", arguments) for name, arguments in lists),
        ("one video", "dailies_video", {"p_id": newest}),
        ("one video's log", "dailies_video_log", {"p_id": newest}),
        ("a video by the beginning of its id", "dailies_find_videos", {"p_text": newest[:8]}),
        ("ledger, all times", "dailies_ledger", {}),
        ("metrics", "dailies_metrics", {}),
        ("the mapping, with its words", "dailies_mapping", {}),
        ("words that nobody has mapped", "dailies_unmapped", {}),
        ("overview, 24 hours", "dailies_overview", {"p_from": (now - timedelta(days=1)).isoformat()}),
        ("overview, 7 days", "dailies_overview", week | {"p_bucket_seconds": 21600}),
        (f"overview, {days} days", "dailies_overview", year | {"p_bucket_seconds": 7 * 86400}),
        *(
            (f"{name}, {span}", function, arguments | more)
            for name, function, more in SPANS
            for span, arguments in (("7 days", week), (f"{days} days", year))
        ),
    ]


def milliseconds(call: Callable[[], object]) -> float:
    spent = []
    for _ in range(REPEAT):
        started = time.perf_counter()
        call()
        spent.append((time.perf_counter() - started) * 1000)
    return statistics.median(spent)


def plan(connection: psycopg.Connection, function: str, arguments: dict[str, Any]) -> str:
    """The indexes that the function used | the tables it read without one, with the number of rows."""
    passed = ", ".join(f"{name} => %s" for name in arguments)
    with connection.transaction(force_rollback=True):
        before = {name: n for _, name, n in connection.execute(SCANS)}
        query = f"select count(*) from public.{function}({passed})"
        connection.execute(query.encode(), [*arguments.values()])
        scans = [(is_index, name, n - before[name]) for is_index, name, n in connection.execute(SCANS)]
    indexes = [name for is_index, name, times in scans if is_index and times]
    tables = [f"{name} {rows:,}" for is_index, name, rows in scans if not is_index and rows]
    return f"{' '.join(indexes)} | {' '.join(tables) or '-'}"


if __name__ == "__main__":
    main()
