"""A history of any size: the sample history again and again, with other ids and some days earlier."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import md5
from uuid import UUID

from lib.data.migrations import recount
from lib.data.postgres import PostgresDatabase
from lib.runway.simulator.schedule import StoredTask
from lib.runway.simulator.store import SimulatorStore
from lib.seed.calendar import HOURS

PIECE = 20  # repetitions a transaction
DAYS = HOURS // 24
# What is repeated: all but the last day, in which videos are still being made.
_BASE = (
    """create temporary table base on commit drop as
    select v.id, v.runway_video_id as task from dailies.videos() v where v.created_at < %(until)s""",
    """create temporary table base_requests on commit drop as
    select e.request_id from dailies.log_entries e join base b on e.video_id = b.id
    union select e.request_id from dailies.log_entries e join base b on e.task_id = b.task""",
    """create temporary table repeated on commit drop as
    select n, interval '1 day' * (n * %(days)s::int / %(most)s::int) as back
    from generate_series(%(first)s::int, %(last)s::int) n""",
    "analyze base",
    "analyze base_requests",
    """create or replace function pg_temp.other(id text, n int) returns text immutable language sql
    return md5(id || ':' || n)::uuid::text""",
    """create or replace function pg_temp.named(said text, id text, n int) returns text immutable language sql
    return case when id is null then said else replace(said, id, pg_temp.other(id, n)) end""",
    "set local session_replication_role = replica",  # nobody marks, and nobody counts yet
)
_VIDEOS = """
insert into public.videos (
    id, status, created_at, updated_at, prompt, input_image_url, video_url, runway_video_id, error_message)
select pg_temp.other(v.id::text, n)::uuid, v.status, v.created_at - back, v.updated_at - back, v.prompt,
    v.input_image_url, v.video_url, pg_temp.other(v.runway_video_id, n),
    pg_temp.named(v.error_message, v.runway_video_id, n)
from public.videos v join base b on b.id::text = v.id::text, repeated
"""
_TASKS = """
insert into dailies.tasks (
    task_id, video_id, status, failure, failure_code, credits, output, created_at, checked_at, active_at,
    ended_at, model)
select pg_temp.other(t.task_id, n), pg_temp.other(t.video_id::text, n)::dailies.video_key, t.status,
    t.failure, t.failure_code, t.credits, t.output, t.created_at - back, t.checked_at - back,
    t.active_at - back, t.ended_at - back, t.model
from dailies.tasks t join base b on b.id = t.video_id, repeated
"""
_VERDICTS = """
insert into dailies.verdicts (
    video_id, created_at, cause, confidence, action, stuck, flow, first_missing, stages, pattern, evidence,
    recoverable_runway_id, candidate_runway_ids, deployment_id, polls, last_polled_at, tries, id_at,
    finished_at, error_group, judged_at, word)
select pg_temp.other(d.video_id::text, n)::dailies.video_key, d.created_at - back, d.cause, d.confidence,
    d.action, d.stuck, d.flow, d.first_missing, d.stages, d.pattern, d.evidence,
    pg_temp.other(d.recoverable_runway_id, n),
    array(select pg_temp.other(c, n) from unnest(d.candidate_runway_ids) c), d.deployment_id, d.polls,
    d.last_polled_at - back, d.tries, d.id_at - back, d.finished_at - back, d.error_group, d.judged_at,
    d.word
from dailies.verdicts d join base b on b.id = d.video_id, repeated
"""
_REQUESTS = """
insert into dailies.requests (request_id, at, method, path, status_code, duration_ms, deployment_id)
select r.request_id || '-' || n, r.at - back, r.method, r.path, r.status_code, r.duration_ms, r.deployment_id
from dailies.requests r join base_requests using (request_id), repeated where n <= %(logged)s
"""
_ENTRIES = """
insert into dailies.log_entries (
    key, at, request_id, video_id, task_id, level, message, path, status_code, deployment_id)
select md5(e.key::text || n)::uuid, e.at - back, e.request_id || '-' || n,
       pg_temp.other(e.video_id::text, n)::dailies.video_key, pg_temp.other(e.task_id, n), e.level,
       pg_temp.named(pg_temp.named(e.message, e.video_id::text, n), e.task_id, n),
       e.path, e.status_code, e.deployment_id
from dailies.log_entries e join base_requests using (request_id), repeated where n <= %(logged)s
"""


_REPEATED = (_VIDEOS, _TASKS, _VERDICTS, _REQUESTS, _ENTRIES)
_LOST = """
select d.recoverable_runway_id from dailies.verdicts d
where d.recoverable_runway_id is not null and d.created_at < %(until)s
"""
_WORDS = """
insert into dailies.searched (video_id, words)
select v.id, concat_ws(e'\\n', v.id, v.runway_video_id, v.prompt, v.error_message) from dailies.videos() v
on conflict do nothing
"""
_COUNTS = """
select (select count(*) from dailies.videos()),
       (select count(*) from dailies.videos() v where v.created_at < %(until)s),
       (select count(*) from dailies.log_entries)
"""


def repeat_history(
    db: PostgresDatabase,
    simulator: SimulatorStore,
    tasks: Iterable[StoredTask],
    *,
    videos: int,
    entries: int | None = None,
    days: int,
    say: Callable[[str], object],
) -> None:
    """Writes the history that `db` holds, judged, again until there are about `videos`, over `days`.

    tasks    at the simulator: those that the rows do not know are repeated there, to be recovered for real
    entries  about so many log entries, of the newest videos; without it, those of all
    """
    until = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
    with db.transaction("seed") as connection:
        have, base, lines = connection.execute(_COUNTS, {"until": until}).fetchone() or (0, 0, 0)
    most = -(-(videos - have) // base)
    known = {"until": until, "most": most, "days": max(days - DAYS, 0)}
    known["logged"] = most if entries is None else max(entries - lines, 0) // lines
    for first in range(1, most + 1, PIECE):
        with db.transaction("seed") as connection:
            last = min(first + PIECE - 1, most)
            for statement in (*_BASE, *_REPEATED):
                connection.execute(statement.encode(), {**known, "first": first, "last": last})
        say(f"{have + last * base:,} videos")
    with db.session("seed") as connection:
        connection.execute("analyze")
        lost = {row[0] for row in connection.execute(_LOST, {"until": until})}
    simulator.import_tasks(
        _earlier(task, n, days=n * known["days"] // most)
        for task in tasks
        if task.id in lost
        for n in range(1, most + 1)
    )
    say("counting by hour and day")
    recount(db)
    say("making it searchable")
    with db.transaction("seed") as connection:
        connection.execute("drop index if exists dailies.searched_anywhere, dailies.searched_words")
        connection.execute(_WORDS)
        connection.execute("select dailies.index_words()")
        connection.execute("update dailies.counted set searchable = true")


def _earlier(task: StoredTask, n: int, days: int) -> StoredTask:
    """The task of repetition `n`; its id is made as the database makes it."""
    id = UUID(md5(f"{task.id}:{n}".encode(), usedforsecurity=False).hexdigest())
    moved = task.delayed_to(task.starts_at - days * 86400)
    return replace(moved, id=str(id), created_at=task.created_at - days * 86400)
