"""What pages and workers ask of the database costs at scale, and by which plan.

    python -m bench.queries [--videos 100000] [--log-entries 1000000] [--days 365] [--json FILE]

Fills a fresh embedded Postgres with the sample history, repeated until there are that many, then times every
question (median of 9, each in a transaction that is rolled back).
The last columns are the indexes each one used, and the tables it read rows of without any.
Figures of two runs compare only on one machine: look at the ratios.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
from psycopg.types.json import Jsonb

from bench.filled import fill
from lib.data.database import Database
from lib.data.embedded.server import EmbeddedPostgres
from lib.data.migrations import migrate
from lib.data.postgres import PostgresDatabase
from lib.domain.flow import StageReader
from lib.traces.flows import load_flows

REPEAT = 9
ENOUGH = 5000  # milliseconds, after which a question is not repeated
MARKED = 500
# What this transaction has read: rows of a table without an index, else entries of the index; of a table in
# weeks, of all of them together.
READ = """
with whole as (
    select c.oid, coalesce(p.relname, c.relname) as name, c.relkind
    from pg_class c left join pg_inherits h on h.inhrelid = c.oid left join pg_class p on p.oid = h.inhparent
    where c.relnamespace in ('public'::regnamespace, 'dailies'::regnamespace) and c.relkind in ('r', 'i')
)
select coalesce(t.name, c.name), case when t.oid is not null then c.name end,
    sum(pg_stat_get_xact_tuples_returned(c.oid))::bigint
from whole c left join pg_index i on i.indexrelid = c.oid left join whole t on t.oid = i.indrelid
group by 1, 2 order by 1, 2
"""
MARK = """
insert into dailies.dirty (video_id) select v.id from dailies.videos() v order by v.created_at desc limit %s
"""
MEASURES = (
    "stuck_minutes", "success_percent", "new_cause_videos", "credits_spent", "worker_silent_minutes",
    "queue_minutes", "minutes_without_sweep", "minutes_without_logs", "minutes_without_videos",
)  # fmt: skip
BY = ("cause", "group", "deployment", "model", "hour")


class Question(NamedTuple):
    name: str
    function: str
    arguments: dict[str, Any] = {}  # noqa: RUF012 - never changed


class Read(NamedTuple):
    table: str
    by: str | None  # an index; rows are its entries then
    rows: int


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--videos", type=int, default=100_000)
    options.add_argument("--log-entries", type=int, help="[ten times the videos]")
    options.add_argument("--days", type=int, default=365)
    options.add_argument("--json", type=Path, help="Writes {question: [least, median, most ms]} as well.")
    chosen = options.parse_args()
    entries = 10 * chosen.videos if chosen.log_entries is None else chosen.log_entries
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        server = EmbeddedPostgres(folder / "postgres").start()
        database = PostgresDatabase(server.conninfo, label="bench", statement_seconds=120)
        try:
            migrate(database)
            started = time.perf_counter()
            fill(database, folder, videos=chosen.videos, entries=entries, days=chosen.days)
            spent = time.perf_counter() - started
            print(
                f"{chosen.videos:,} videos and {entries:,} log entries of {chosen.days} days: "
                f"filled in {spent:.0f} s\n"
            )
            times = report(database, chosen.days)
            if chosen.json:
                chosen.json.write_text(json.dumps(times))
        finally:
            database.close()
            server.stop()


def report(database: PostgresDatabase, days: int) -> dict[str, list[float]]:
    """Prints what each question takes; least, median and most milliseconds."""
    times: dict[str, list[float]] = {}
    with database.session("bench") as connection:
        connection.execute(MARK.encode(), [MARKED])
        floor = statistics.median(milliseconds(connection, Question("", "dailies_search_kind")))
        print(
            f"{'question':44}{'ms':>9}{'least':>9}{'most':>9}{'/floor':>8}  indexes | rows read without one"
        )
        for question in questions(database, days):
            spent = milliseconds(connection, question)
            least, usual, most = min(spent), statistics.median(spent), max(spent)
            times[question.name] = [least, usual, most]
            print(
                f"{question.name:44}{usual:9.1f}{least:9.1f}{most:9.1f}{usual / floor:8.0f}  "
                f"{plan(reads(connection, question))}"
            )
    return times


def questions(database: Database, days: int, *, counted: bool = True) -> list[Question]:
    """All that pages, workers and `/metrics` ask: every function that reads, and those that take work.
    `counted`: lists with how many fit, as pages ask; up to thousands are read for that."""
    lists = {"p_counted": counted, "p_limit": 51}
    return [
        *_of_lists(database, days, lists),
        *_of_one(database),
        *_of_spans(database, days),
        *_of_now(database),
    ]


def _of_lists(database: Database, days: int, asked: dict[str, Any]) -> Iterator[Question]:
    now = datetime.now(UTC)
    newest = database.call("dailies_list_videos", p_limit=1)[0]["id"]
    failed = database.call("dailies_list_videos", p_statuses=["failed"], p_limit=1)[0]
    user = database.call("dailies_video", p_id=newest)[0]["video"]["user_id"]
    group = database.call("dailies_error_groups", p_limit=1)[0]["grp"]
    week = _span(now, 7)
    deep = {"p_after_at": (now - timedelta(days=days / 2)).isoformat(), "p_after_id": newest}
    lists: dict[str, dict[str, Any]] = {
        "newest 50": {},
        "of a week": week,
        "50 from the middle": deep,
        "failed, from the middle": deep | {"p_statuses": ["failed"]},
        "a status that hardly occurs": {"p_statuses": ["queued"]},
        "a cause, from the middle": deep | {"p_causes": ["moderated"]},
        "a cause that never occurs": {"p_causes": ["no such cause"]},
        "stuck": {"p_trouble": "stuck"},
        "recoverable, from the middle": deep | {"p_trouble": "recoverable"},
        "any trouble": {"p_trouble": "any"},
        "an error group, 7 days": week | {"p_error_group": group},
        "a deployment": {"p_deployment": failed["deployment_id"]},
        "no deployment": {"p_deployment": "none"},
        "a model": {"p_model": "gen4_turbo"},
        "errors of a model": {"p_model": "gen4_turbo", "p_error_group": "any"},
        "a ratio that never occurs": {"p_ratio": "1:99"},
        "a duration": {"p_duration": "5"},
        "a flow that misses a stage": {"p_flow": "async-sdk", "p_first_missing": "task_id_received"},
        "a stage that was not reached": week | {"p_flow": "sync-sdk", "p_state": "task_created:not_reached"},
        "so many seconds to the task id": week | {"p_took": "id:2"},
        "an hour of the week": {"p_hour": 10},
        "sorted by cause": {"p_sort": "cause"},
        "sorted by change": {"p_sort": "changed"},
        "text, in every prompt": {"p_search": "dance"},
        "text, in an error": {"p_search": "Too many requests"},
        "text, part of an id": {"p_search": newest[9:18]},
        "text, three letters of ids": {"p_search": "a7c"},
        "text, nowhere, 7 days": week | {"p_search": "no such words"},
        "text, nowhere, all times": {"p_search": "no such words"},
        "of a user": {"p_user": user},
        "of a user who has none": {"p_user": "nobody"},
    }
    for name, arguments in lists.items():
        yield Question(f"videos: {name}", "dailies_list_videos", arguments | asked)
    yield Question("how text is searched", "dailies_search_kind")


def _of_one(database: Database) -> Iterator[Question]:
    row = database.call("dailies_list_videos", p_trouble="recoverable", p_limit=1)[0]
    ids = [each["id"] for each in database.call("dailies_list_videos", p_limit=200)]
    nobody = "00000000-0000-4000-8000-000000000000"
    yield Question("one video", "dailies_video", {"p_id": row["id"]})
    yield Question("its log", "dailies_video_log", {"p_id": row["id"]})
    yield Question("its attempts", "dailies_attempts", {"p_video_id": row["id"]})
    yield Question("its audit", "dailies_audit_trail", {"p_video_id": row["id"]})
    yield Question("a video by the beginning of its id", "dailies_find_videos", {"p_text": row["id"][:8]})
    yield Question("whose a task is", "dailies_task_owner", {"p_task_id": row["recoverable_runway_id"]})
    yield Question("the copy of an output", "dailies_copy", {"p_task_id": row["recoverable_runway_id"]})
    yield Question("an attempt by its key", "dailies_attempt_by_key", {"p_key": "no such key"})
    yield Question("readings around an attempt", "dailies_readings", {"p_attempt": nobody})
    yield Question("attempts whose ids are not saved", "dailies_unsaved_attempts", {"p_attempts": [nobody]})
    yield Question("all that is known of 200 videos", "dailies_dossiers", {"p_ids": ids})
    yield Question(
        "verdicts of 200 videos, saved", "dailies_save_verdicts", {"p_verdicts": [*map(_verdict, ids)]}
    )


def _of_spans(database: Database, days: int) -> Iterator[Question]:
    now = datetime.now(UTC)
    worst = database.call("dailies_error_groups", p_limit=1)[0]
    group = {
        "p_group": worst["grp"],
        "p_cause": worst["cause"],
        "p_stage": worst["stage"],
    }
    flow = {"p_flow": "sync-sdk"}
    hour = {"p_from": (now - timedelta(hours=1)).isoformat(), "p_to": now.isoformat()}
    yield Question(
        "overview, 24 hours", "dailies_overview", {"p_from": (now - timedelta(days=1)).isoformat()}
    )
    for span, long, seconds in (("7 days", 7, 6 * 3600), (f"{days} days", days, 86_400)):
        of, by = _span(now, long), {"p_bucket_seconds": seconds}
        yield Question(f"overview, {span}", "dailies_overview", of | by)
        yield Question(f"incidents, {span}", "dailies_incidents", of)
        yield Question(f"error groups, {span}", "dailies_error_groups", of)
        yield Question(f"one error group, {span}", "dailies_error_group", of | group)
        for what in BY:
            yield Question(f"errors by {what}, {span}", "dailies_errors_by", of | by | {"p_by": what})
        yield Question(f"stage funnel, {span}", "dailies_stage_funnel", of)
        yield Question(f"stage latency, {span}", "dailies_stage_latency", of | by | flow)
        yield Question(f"first missing stage, {span}", "dailies_first_missing", of | flow)
        yield Question(f"deployments, {span}", "dailies_deployments", of)
        yield Question(f"latency, {span}", "dailies_latency", of | by)
        yield Question(f"latency, how it spreads, {span}", "dailies_latency_histogram", of)
        yield Question(f"usual rate, {span}", "dailies_usual_rate", {"p_to": of["p_to"]} | by)
        yield Question(f"ledger of credits, {span}", "dailies_ledger", of)
        yield Question(f"cost by day, {span}", "dailies_cost_by_day", of)
        yield Question(f"tasks of nobody, {span}", "dailies_nobodys", _renamed(of))
    yield Question("ledger of credits, all times", "dailies_ledger")
    yield Question("text in logs, an hour", "dailies_search_logs", hour | {"p_text": "no such words"})
    calls = {"p_texts": list(StageReader(load_flows()).calls), "p_limit": 500}
    yield Question("calls that name nobody, an hour", "dailies_nameless", _renamed(hour) | calls)
    keys = {"p_ids": [worst["example_video_id"]]}
    yield Question("requests that mention a video, an hour", "dailies_mentions", _renamed(hour) | keys)
    ever = _span(now, days)
    for what, text in (
        ("nowhere", "no such words"),
        ("often", "status"),
        ("one id", worst["example_video_id"][9:23]),
    ):
        yield Question(f"text in logs, {what}, {days} days", "dailies_search_logs", ever | {"p_text": text})
    yield Question(f"lines without an index, {days} days", "dailies_lines_to_read", ever)
    yield Question("logs that would be dropped", "dailies_old_logs", {"p_days": days - 14})


def _of_now(database: Database) -> Iterator[Question]:
    shown = database.call("dailies_error_groups")
    states = {"p_groups": [{name: each[name] for name in ("grp", "cause", "stage")} for each in shown]}
    begun = database.call("dailies_incidents")[0]
    at = {"p_cause": begun["cause"], "p_at": begun["first_at"], "p_deployment": begun["deployment_id"]}
    nobody = "00000000-0000-4000-8000-000000000000"
    yield Question("the last hour beside usual ones", "dailies_pulse", {})
    yield Question("an incident", "dailies_incident", at)
    yield Question("states of error groups", "dailies_error_states", states)
    for name in MEASURES:
        yield Question(f"alerts: {name}", "dailies_measure", {"p_measure": name})
    yield Question("alerts", "dailies_alerts")
    yield Question("audit", "dailies_audit_trail")
    yield Question("what an audit can be filtered by", "dailies_audit_names")
    yield Question("batches", "dailies_batches")
    yield Question("items of a batch", "dailies_batch_items", {"p_batch": nobody})
    yield Question("budgets", "dailies_budgets")
    yield Question("left to people by the sweep", "dailies_flagged")
    yield Question("what the sweep looks at", "dailies_sweep_due", {"p_older_than_seconds": 300})
    yield Question(
        "attempts that nobody goes on with", "dailies_stale_attempts", {"p_older_than_seconds": 300}
    )
    yield Question("flows", "dailies_flows")
    yield Question("views", "dailies_views")
    yield Question("workers", "dailies_workers")
    yield Question("queue", "dailies_queue_metrics")
    yield Question("how far a log was read", "dailies_log_source", {"p_source": "vercel"})
    yield Question("health", "dailies_health")
    yield Question("health of videos", "dailies_videos_now")
    yield Question("metrics", "dailies_metrics")
    yield Question("the schema", "dailies_schema")
    yield Question("functions that read", "dailies_reading")
    yield Question("the mapping, with its words", "dailies_mapping")
    yield Question("what the mapping needs", "dailies_needs")
    yield Question("words that nobody has mapped", "dailies_unmapped")
    yield Question("tables that strangers may read", "dailies_strangers", {"p_roles": ["anon"]})
    yield Question("work: marks", "dailies_dirty", {"p_limit": 200})
    yield Question("work: tasks to look up", "dailies_claim_look_ups")
    yield Question("work: outputs to copy", "dailies_claim_copy")
    yield Question("work: notices to send", "dailies_claim_notices")
    yield Question("work: jobs", "dailies_dequeue")
    yield Question("work: items of batches", "dailies_take_batch_item", {"p_lease_seconds": 60})


def _span(now: datetime, days: float) -> dict[str, Any]:
    return {"p_from": (now - timedelta(days=days)).isoformat(), "p_to": now.isoformat()}


def _renamed(span: dict[str, Any]) -> dict[str, Any]:
    return {"p_since": span["p_from"], "p_until": span["p_to"]}


def _verdict(video_id: str) -> dict[str, Any]:
    return {
        "video_id": video_id,
        "since": datetime.now(UTC).isoformat(),
        "cause": "unknown",
        "confidence": "possible",
        "action": "investigate",
        "stages": [{"stage": f"stage{i}", "state": "seen"} for i in range(14)],
    }


def milliseconds(connection: psycopg.Connection[Any], question: Question) -> list[float]:
    spent: list[float] = []
    while len(spent) < REPEAT and sum(spent) < ENOUGH:
        with connection.transaction(force_rollback=True):
            started = time.perf_counter()
            ask(connection, question)
            spent.append((time.perf_counter() - started) * 1000)
    return spent


def reads(connection: psycopg.Connection[Any], question: Question) -> list[Read]:
    """What a question reads, for all that it calls. Raises psycopg.Error."""
    with connection.transaction(force_rollback=True):
        before = [rows for _, _, rows in connection.execute(READ.encode())]
        ask(connection, question)
        after = [Read(*row) for row in connection.execute(READ.encode())]
    read = [each._replace(rows=each.rows - rows) for each, rows in zip(after, before, strict=True)]
    return [each for each in read if each.rows]


def plan(read: list[Read]) -> str:
    """The indexes | the tables read without one, with the number of rows."""
    indexes = [each.by for each in read if each.by]
    tables = [f"{each.table} {each.rows:,}" for each in read if not each.by]
    return f"{' '.join(indexes)} | {' '.join(tables) or '-'}"


def ask(connection: psycopg.Connection[Any], question: Question) -> None:
    """As the transport does it, but within the transaction that is open."""
    passed = ", ".join(f"{name} => %s" for name in question.arguments)
    values = [
        Jsonb(value) if isinstance(value, list) and isinstance(value[0], dict) else value
        for value in question.arguments.values()
    ]
    query = f"select to_json(r) from (select * from public.{question.function}({passed})) r"
    connection.execute(query.encode(), values).fetchall()


if __name__ == "__main__":
    main()
