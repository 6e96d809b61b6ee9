"""A history of any size: the sample history again and again, with other ids and some fortnights earlier."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import md5
from typing import NamedTuple
from uuid import UUID

from lib.data.postgres import Connection, PostgresDatabase
from lib.runway.simulator.schedule import StoredTask
from lib.runway.simulator.store import SimulatorStore
from lib.seed.calendar import HOURS

SAY = 20  # after so many repetitions
DAYS = HOURS // 24
VERDICTS = ("dailies.tasks", "dailies.attempts", "dailies.verdicts", "dailies.searched")
LOGS = ("dailies.requests", "dailies.log_entries")
# What is repeated: all but the last day, in which videos are still being made. Read once, repeated often.
_BASE = """
create temporary table base_videos on commit drop as
select v.* from public.videos v where v.created_at < %(until)s
"""
_BASE_VERDICTS = (
    """create temporary table base_tasks on commit drop as
    select t.* from dailies.tasks t join base_videos b on b.id::text = t.video_id::text""",
    """create temporary table base_attempts on commit drop as
    select a.* from dailies.attempts a join base_videos b on b.id::text = a.video_id::text""",
    """create temporary table base_audit on commit drop as
    select a.* from dailies.audit a join base_videos b on b.id::text = a.video_id::text""",
    "create temporary table repeated_audit (like dailies.audit) on commit drop",
    """create temporary table base_verdicts on commit drop as
    select d.*, coalesce(d.recoverable_runway_id, b.runway_video_id) as task,
        pg_temp.without_times(d.stages) as stages_told, pg_temp.times_in(d.stages) as stages_at,
        pg_temp.without_times(d.evidence) as evidence_told, pg_temp.times_in(d.evidence) as evidence_at
    from dailies.verdicts d join base_videos b on b.id::text = d.video_id::text""",
    """create temporary table base_searched on commit drop as
    select s.*, b.runway_video_id as task
    from dailies.searched s join base_videos b on b.id::text = s.video_id::text""",
)
_BASE_LOGS = (
    """create temporary table base_requests on commit drop as
    select r.* from dailies.requests r where r.request_id in (
        select e.request_id from dailies.log_entries e join base_videos b on b.id::text = e.video_id::text
        union
        select e.request_id from dailies.log_entries e
        join base_videos b on b.runway_video_id = e.task_id)""",
    """create temporary table base_entries on commit drop as
    select e.* from dailies.log_entries e join base_requests r using (request_id)""",
)
_NAMES = (
    """create or replace function pg_temp.other(id text, n text) returns text
    immutable language sql
    return md5(id || ':' || n)::uuid::text""",
    """create or replace function pg_temp.named(said text, id text, n text) returns text
    immutable language sql
    return case when id is null then said else replace(said, id, pg_temp.other(id, n)) end""",
    """create or replace function pg_temp.deployed(id text, fortnight text) returns text
    immutable language sql
    return case when fortnight = '0' or id not like 'dpl\\_%' then id
        else 'dpl_' || left(md5(id || ':' || fortnight), 28) end""",
    # JSON as a text with a gap for each time, and the times: filling the gaps, moved, takes half as long as
    # building the JSON from its parts. A quote in a text of it is escaped, so only keys are found.
    """create or replace function pg_temp.without_times(told jsonb) returns text
    immutable language sql
    return regexp_replace(replace(told::text, '%', '%%'), '"at": "[^"]*"', '"at": "%s"', 'g')""",
    """create or replace function pg_temp.times_in(told jsonb) returns timestamptz[]
    immutable language sql
    return array(select (found[1])::timestamptz
                 from regexp_matches(told::text, '"at": "([^"]*)"', 'g') found)""",
)
_REPEATED = """
with repeated as (
    select %(n)s::text as n, (%(n)s::int / 10)::text as crowd, %(fortnight)s::text as fortnight,
        %(back)s::interval as back)
"""


class Repetition(NamedTuple):
    """One of many: `n` counts from 1; those of one fortnight share their deployments."""

    n: int
    fortnight: int
    back: timedelta


class Dropped(NamedTuple):
    """What is left where the log is not repeated, as after `expire-logs`.

    before   up to when logs count as dropped, of the history itself
    lasting  the requests of tasks that may be recovered: their lines stay
    """

    before: datetime
    lasting: list[str]


_VERDICTS = (
    """insert into public.videos (
        id, user_id, status, created_at, updated_at, prompt, dance_style, input_image_url, video_url,
        runway_video_id, error_message)
    select pg_temp.other(v.id::text, n)::uuid, pg_temp.other(v.user_id::text, crowd)::uuid, v.status,
        v.created_at - back, v.updated_at - back, v.prompt, v.dance_style, v.input_image_url, v.video_url,
        pg_temp.other(v.runway_video_id, n), pg_temp.named(v.error_message, v.runway_video_id, n)
    from base_videos v, repeated""",
    """insert into dailies.tasks (
        task_id, video_id, status, failure, failure_code, credits, output, created_at, checked_at, active_at,
        ended_at, model, delivered)
    select pg_temp.other(t.task_id, n), pg_temp.other(t.video_id::text, n)::dailies.video_key, t.status,
        t.failure, t.failure_code, t.credits, t.output, t.created_at - back, t.checked_at - back,
        t.active_at - back, t.ended_at - back, t.model, t.delivered
    from base_tasks t, repeated""",
    # attempts and audit: judged again without, what came of a repair would count as how long things take
    """insert into dailies.attempts (
        id, video_id, key, number, previous_id, state, operator, request, credits, task_id, reason, cause,
        claimed_at, sent_at, settled_at, overridden)
    select pg_temp.other(a.id::text, n)::uuid, pg_temp.other(a.video_id::text, n)::dailies.video_key,
        pg_temp.named(a.key, a.video_id::text, n), a.number, pg_temp.other(a.previous_id::text, n)::uuid,
        a.state, a.operator, a.request, a.credits, pg_temp.other(a.task_id, n),
        pg_temp.named(a.reason, a.task_id, n), a.cause, a.claimed_at - back, a.sent_at - back,
        a.settled_at - back, a.overridden
    from base_attempts a, repeated""",
    """insert into repeated_audit (id, at, operator, action, video_id, attempt_id, before, after, credits)
    select 0, a.at - back, a.operator, a.action, pg_temp.other(a.video_id::text, n)::dailies.video_key,
        pg_temp.other(a.attempt_id::text, n)::uuid,
        pg_temp.named(a.before::text, b.runway_video_id, n)::jsonb,
        pg_temp.named(a.after::text, b.runway_video_id, n)::jsonb, a.credits
    from base_audit a join base_videos b on b.id::text = a.video_id::text, repeated""",
    """insert into dailies.verdicts (
        video_id, created_at, cause, confidence, action, stuck, flow, first_missing, stages, pattern,
        evidence, recoverable_runway_id, candidate_runway_ids, deployment_id, polls, last_polled_at, tries,
        id_at, finished_at, error_group, judged_at, word, retried, model, ratio, duration, user_id,
        runway_video_id)
    select pg_temp.other(d.video_id::text, n)::dailies.video_key, d.created_at - back, d.cause, d.confidence,
        d.action, d.stuck, d.flow, d.first_missing,
        format(d.stages_told, variadic array(
            select to_char(at - back, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') from unnest(d.stages_at) at))::jsonb,
        d.pattern,
        format(pg_temp.named(d.evidence_told, d.task, n), variadic array(
            select to_char(at - back, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') from unnest(d.evidence_at) at))::jsonb,
        pg_temp.other(d.recoverable_runway_id, n),
        array(select pg_temp.other(c, n) from unnest(d.candidate_runway_ids) c),
        pg_temp.deployed(d.deployment_id, fortnight), d.polls, d.last_polled_at - back, d.tries,
        d.id_at - back, d.finished_at - back, d.error_group, d.judged_at, d.word, d.retried,
        d.model, d.ratio, d.duration, pg_temp.other(d.user_id, crowd), pg_temp.other(d.runway_video_id, n)
    from base_verdicts d, repeated""",
    """insert into dailies.searched (video_id, words)
    select pg_temp.other(s.video_id::text, n)::dailies.video_key,
        pg_temp.named(pg_temp.named(s.words, s.video_id::text, n), s.task, n)
    from base_searched s, repeated""",
)
# Keys of a repetition lie together: in any order, each would be written to another end of a large index.
_LOGS = (
    """insert into dailies.requests (request_id, at, method, path, status_code, duration_ms, deployment_id)
    select r.request_id || '-' || n, r.at - back, r.method, r.path, r.status_code, r.duration_ms,
        pg_temp.deployed(r.deployment_id, fortnight)
    from base_requests r, repeated""",
    """insert into dailies.log_entries (
        key, at, request_id, video_id, task_id, level, message, path, status_code, deployment_id)
    select overlay(md5(e.key::text) placing lpad(n, 8, '0') from 1)::uuid, e.at - back,
        e.request_id || '-' || n, pg_temp.other(e.video_id::text, n)::dailies.video_key,
        pg_temp.other(e.task_id, n), e.level,
        pg_temp.named(pg_temp.named(e.message, e.video_id::text, n), e.task_id, n), e.path, e.status_code,
        pg_temp.deployed(e.deployment_id, fortnight)
    from base_entries e, repeated""",
)
# Its ids are the order of time: what is earlier, if by minutes only, stands before all that is there.
_AUDIT = """
insert into dailies.audit (id, at, operator, action, video_id, attempt_id, before, after, credits)
overriding system value
select least((select min(a.id) from dailies.audit a), 0) - row_number() over (order by r.at desc), r.at,
    r.operator, r.action, r.video_id, r.attempt_id, r.before, r.after, r.credits
from repeated_audit r
"""
_LOST = "select d.recoverable_runway_id from base_verdicts d where d.recoverable_runway_id is not null"
_COUNTS = "select count(*), count(*) filter (where v.created_at < %(until)s) from public.videos v"
_WEEKS = """
select dailies.add_log_weeks(array(
    select now() - interval '1 day' * n from generate_series(0, %(days)s::int) n))
"""
_COUNT = "select max(r.day) from public.dailies_recount(%s::timestamptz) r"
_LINES = "select (select count(*) from dailies.log_entries), (select count(*) from base_entries)"
# Since when had every video that is repeated logged something? Which requests tell of tasks to be recovered?
_DROPPED = """
select (select max(told.since) from (
            select min((s ->> 'at')::timestamptz) as since
            from dailies.verdicts d, jsonb_array_elements(d.stages) s
            where d.created_at < %(until)s group by d.video_id) told),
       array(select e.request_id from dailies.log_entries e
             join dailies.verdicts d on d.recoverable_runway_id = e.task_id)
"""
_EXPIRED = """
insert into dailies.expired (before, operator)
values (%(before)s::timestamptz - %(back)s::interval + interval '1 s', 'seed')
"""
_LASTING = (
    "delete from base_requests r where r.request_id <> all(%(lasting)s)",
    "delete from base_entries e where e.request_id <> all(%(lasting)s)",
)
_TOTALS = """
select (select count(*) from public.videos), (select count(*) from dailies.log_entries),
    (select count(*) from dailies.tasks),
    (select round(extract(epoch from now() - min(v.created_at)) / 86400)::int from public.videos v)
"""
NEAR = 0.03  # of what was asked for
# Those that no constraint needs.
_INDEXES = """
select i.indexrelid::regclass::text, replace(pg_get_indexdef(i.indexrelid), ' ON ONLY ', ' ON ')
from pg_index i join pg_class c on c.oid = i.indexrelid
where i.indrelid = any(%s::regclass[]) and not c.relispartition
    and not exists (select from pg_constraint k where k.conindid = i.indexrelid)
"""
_QUICKLY = (
    "set local timezone = 'UTC'",  # where a day has 24 hours: all is moved by as many seconds
    "set local session_replication_role = replica",  # nobody marks, and nobody counts yet
    "set local synchronous_commit = off",
    "set local maintenance_work_mem = '256MB'",
)


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

    Interrupted, even killed, it leaves the history as it was: the videos are seen once they are counted, and
    their log right after them, since without them its tasks would be nobody's.
    """
    until = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
    with db.session("seed") as connection:
        have, base = connection.execute(_COUNTS, {"until": until}).fetchone() or (0, 0)
        # now: later, the verdicts are locked while their indexes are gone
        dropped = Dropped(*(connection.execute(_DROPPED, {"until": until}).fetchone() or (until, [])))
    if videos <= have:
        say(f"The two weeks are the least, and have {have:,} videos: nothing is repeated for {videos:,}.")
        return
    repetitions = _plan(-(-(videos - have) // base), days)
    with _writing(db, until, _BASE_LOGS) as logged, _writing(db, until, _BASE_VERDICTS) as judged:
        # the log is as much work as all else
        with _beside(logged, lambda: _repeat_logs(logged, repetitions, entries, dropped, say)):
            lost = _repeat_verdicts(judged, repetitions, say)
            say("counting by hour and day")
            _count(judged)
        simulator.import_tasks(
            _earlier(task, one) for task in tasks if task.id in lost for one in repetitions
        )
    with db.session("seed") as connection:  # at last: while one is written, no row of another is old
        connection.execute(f"vacuum analyze public.videos, {', '.join((*VERDICTS, *LOGS))}".encode())


def totals(db: PostgresDatabase, *, videos: int | None, entries: int | None, days: int) -> str:
    """What there is now; where that is not what was asked for, why."""
    with db.session("seed") as connection:
        rows, lines, tasks, span = connection.execute(_TOTALS.encode()).fetchone() or (0, 0, 0, 0)
    asked = ((videos, rows, "videos"), (entries, lines, "log entries"), (days, span, "days"))
    other = [f"{n:,} {what}" for n, have, what in asked if n is not None and abs(have - n) > NEAR * n]
    found = f"There are now {rows:,} videos, {lines:,} log entries and {tasks:,} tasks of {span:,} days."
    if not other:
        return found
    why = "the two weeks are the least, and are repeated whole, fortnight by fortnight"
    return f"{found} Asked for: {', '.join(other)}; {why}."


def _plan(most: int, days: int) -> list[Repetition]:
    """As many in each fortnight, of which the first has the history itself: an app with more users makes more
    videos, but has no more deployments and incidents. They follow each other within ten minutes, as
    far as the videos of one history lie apart."""
    fortnights = max(round(days / DAYS), 1)
    each = (most + 1) / fortnights
    placed = []
    for n in range(1, most + 1):
        fortnight, part = divmod(n / each, 1)
        back = timedelta(days=DAYS * fortnight, minutes=10 * part)
        placed.append(Repetition(n, int(fortnight), back))
    return placed


def _repeat_verdicts(
    connection: Connection, repetitions: Sequence[Repetition], say: Callable[[str], object]
) -> set[str]:
    """The videos with all that is known of each, but for logs; the ids of the tasks that no row knows."""
    with _indexed_afterwards(connection, VERDICTS):
        for n in _repeat(connection, _VERDICTS, repetitions):
            say(f"{n:,} of {len(repetitions):,} times the videos")
        connection.execute(_AUDIT.encode())
        say("building their indexes")
    connection.execute(f"analyze public.videos, {', '.join(VERDICTS)}".encode())
    return {row[0] for row in connection.execute(_LOST)}


def _count(connection: Connection) -> None:
    """Together with what is counted: to nobody the one is there without the other."""
    day: object = "infinity"
    while day:
        (day,) = connection.execute(_COUNT, [day]).fetchone() or (None,)


def _repeat_logs(
    connection: Connection,
    repetitions: Sequence[Repetition],
    entries: int | None,
    dropped: Dropped,
    say: Callable[[str], object],
) -> None:
    have, base = connection.execute(_LINES).fetchone() or (0, 0)
    most = len(repetitions)
    if entries is not None:
        most = min(most, round(max(entries - have, 0) / base))
    back = max((one.back for one in repetitions[:most]), default=timedelta())
    connection.execute(_WEEKS.encode(), {"days": back.days + DAYS + 1})
    with _indexed_afterwards(connection, LOGS):
        for n in _repeat(connection, _LOGS, repetitions[:most]):
            say(f"{n:,} of {most:,} times the log")
        if most < len(repetitions):
            _drop_logs(connection, repetitions[most:], dropped)
        say("building its indexes")


def _drop_logs(connection: Connection, unlogged: Sequence[Repetition], dropped: Dropped) -> None:
    """Says that their logs are gone: judged again, their videos would else be ones that never logged."""
    connection.execute(_EXPIRED, {"before": dropped.before, "back": unlogged[0].back})
    for statement in _LASTING:
        connection.execute(statement.encode(), dropped._asdict())
    for _ in _repeat(connection, _LOGS, unlogged):
        pass


@contextmanager
def _beside(connection: Connection, work: Callable[[], None]) -> Iterator[None]:
    """Does `work`, which uses `connection`, in a thread meanwhile. Interrupted, it ends at once."""
    with ThreadPoolExecutor(1) as thread:
        doing = thread.submit(work)
        try:
            yield
            doing.result()
        except BaseException:
            while not doing.done():
                connection.cancel_safe()
                wait([doing], timeout=0.1)  # between two statements there is nothing to cancel
            raise


@contextmanager
def _writing(db: PostgresDatabase, until: datetime, base: Iterable[str]) -> Iterator[Connection]:
    """All that is written inside is there afterwards, or nothing is."""
    with db.transaction("seed") as connection:
        for statement in (*_QUICKLY, *_NAMES):
            connection.execute(statement.encode())
        connection.execute(_BASE.encode(), {"until": until})
        for statement in base:
            connection.execute(statement.encode())
        yield connection


def _repeat(
    connection: Connection, statements: Iterable[str], repetitions: Sequence[Repetition]
) -> Iterator[int]:
    """Gives, now and then, how many by now."""
    for one in repetitions:
        for statement in statements:
            connection.execute((_REPEATED + statement).encode(), one._asdict())
        if one.n % SAY == 0:
            yield one.n


@contextmanager
def _indexed_afterwards(connection: Connection, tables: Sequence[str]) -> Iterator[None]:
    """Indexes of many rows are built in a fraction of the time that adding to them takes."""
    indexes = connection.execute(_INDEXES, [list(tables)]).fetchall()
    connection.execute(f"drop index {', '.join(name for name, _ in indexes)}".encode())
    yield
    for _, definition in indexes:
        connection.execute(definition.encode())


def _earlier(task: StoredTask, one: Repetition) -> StoredTask:
    """Its id is made as the database makes it."""
    id = UUID(md5(f"{task.id}:{one.n}".encode(), usedforsecurity=False).hexdigest())
    seconds = one.back.total_seconds()
    return replace(
        task.delayed_to(task.starts_at - seconds), id=str(id), created_at=task.created_at - seconds
    )
