"""Logs in, marks, evidence and verdicts: what keeps diagnosis up to date, through both transports."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from itertools import starmap
from typing import Any

import psycopg
import pytest

from lib.data import videos
from lib.data.database import Database
from lib.data.migrations import rejudge
from lib.data.postgres import PostgresDatabase
from lib.domain.trace import LogEntry, RequestSummary
from lib.errors import BadInput, DatabaseConflict, DatabaseError
from tests.examples import (
    SALSA,
    TANGO,
    TANGO_TASK,
    WALTZ,
    WALTZ_TASK,
    at,
    entry,
    save_task,
    the_entries,
    the_verdicts,
    the_videos,
    verdict,
    video,
)


@pytest.fixture
def known(db: Database) -> Database:
    """The three videos and their log, all judged."""
    videos.import_videos(db, the_videos())
    add(db, the_entries())
    judge_all(db)
    return db


def add(db: Database, entries: list[dict[str, Any]], **more: Any) -> tuple[int, int]:
    answer = db.call("dailies_add_logs", p_entries=entries, **more)[0]
    return answer["inserted"], answer["repeated"]


def judge_all(db: Database) -> None:
    by_id = {one["video_id"]: one for one in the_verdicts()}
    marks = db.call("dailies_dirty")
    db.call("dailies_save_verdicts", p_verdicts=[by_id[mark["video_id"]] | mark for mark in marks])


def dirty(db: Database) -> set[str]:
    return {mark["video_id"] for mark in db.call("dailies_dirty")}


def evidence(db: Database, video_id: str) -> dict[str, Any]:
    (found,) = db.call("dailies_dossiers", p_ids=[video_id])
    return found


def test_repeated_entries_are_counted_and_not_kept_twice(db: Database) -> None:
    assert add(db, the_entries()[:4]) == (4, 0)
    assert add(db, the_entries()) == (3, 4)
    twice = entry("twice", 9, "req-x")
    assert add(db, [twice, twice]) == (1, 1)


def test_an_import_without_anything_is_fine(db: Database) -> None:
    assert add(db, []) == (0, 0)


def test_a_malformed_entry_is_refused_and_nothing_of_its_piece_is_kept(db: Database) -> None:
    with pytest.raises(BadInput):
        add(db, [entry("good", 1, "r"), entry("bad", 1, "r") | {"at": "noon"}])
    with pytest.raises(DatabaseConflict):
        add(db, [entry("good", 1, "r"), entry("bad", 1, "r") | {"message": None}])
    assert add(db, [entry("good", 1, "r")]) == (1, 0)


def test_later_pieces_complete_a_request(known: Database) -> None:
    request = {"request_id": "req-tango", "at": at(), "path": "/api/generate", "method": "POST"}
    add(known, [], p_requests=[request, request | {"duration_ms": 60000}])
    add(known, [], p_requests=[{"request_id": "req-tango", "at": at(1), "status_code": 504}])
    (found,) = starmap(RequestSummary, evidence(known, TANGO)["requests"])
    assert (found.path, found.method, found.status_code, found.duration_ms) == (
        "/api/generate",
        "POST",
        504,
        60000,
    )


def test_a_new_video_is_to_be_judged(db: Database) -> None:
    videos.import_videos(db, the_videos())
    assert dirty(db) == {TANGO, WALTZ, SALSA}


def test_a_mark_stays_until_its_verdict_is_saved(db: Database) -> None:
    videos.import_videos(db, the_videos())
    assert dirty(db) == dirty(db) == {TANGO, WALTZ, SALSA}
    judge_all(db)
    assert dirty(db) == set()


def test_what_somebody_has_in_hand_is_left_to_them_for_a_while(db: Database) -> None:
    videos.import_videos(db, the_videos())
    taken = {mark["video_id"] for mark in db.call("dailies_dirty", p_limit=2, p_leave_seconds=60)}
    rest = {mark["video_id"] for mark in db.call("dailies_dirty", p_limit=2, p_leave_seconds=60)}
    assert taken | rest == {TANGO, WALTZ, SALSA}
    assert db.call("dailies_dirty", p_leave_seconds=60) == []
    assert dirty(db) == {TANGO, WALTZ, SALSA}


def test_a_change_while_a_verdict_is_made_is_judged_again(known: Database) -> None:
    videos.import_videos(known, [video(WALTZ, "failed", 1)])
    mark = known.call("dailies_dirty")[0]
    videos.import_videos(known, [video(WALTZ, "failed", 1, error_message="too late")])
    known.call("dailies_save_verdicts", p_verdicts=[verdict(WALTZ, "unknown") | mark])
    assert dirty(known) == {WALTZ}


def test_a_verdict_that_was_overtaken_is_not_saved(known: Database) -> None:
    videos.import_videos(known, [video(WALTZ, "failed", 1)])
    early = known.call("dailies_dirty")[0]
    videos.import_videos(known, [video(WALTZ, "failed", 1, error_message="more is known now")])
    late = known.call("dailies_dirty")[0]
    for mark, cause, saved in ((late, "moderated", 1), (early, "unknown", 0)):
        answer = known.call("dailies_save_verdicts", p_verdicts=[verdict(WALTZ, cause) | mark])
        assert answer == [{"saved": saved}]
    assert videos.list_videos(known, videos.Filters(causes=("moderated",)))[0]["id"] == WALTZ


def test_two_who_diagnose_at_once_do_not_get_in_each_others_way(db: Database) -> None:
    rows = [video(str(uuid.uuid4()), "failed") for _ in range(60)]
    videos.import_videos(db, rows)

    def diagnose(_: int) -> None:
        for _ in range(6):
            marks = db.call("dailies_dirty", p_limit=20)
            videos.import_videos(db, [rows[n] | {"error_message": str(n)} for n in range(0, 60, 3)])
            verdicts = [verdict(mark["video_id"], "unknown") | mark for mark in reversed(marks)]
            db.call("dailies_save_verdicts", p_verdicts=verdicts)

    with ThreadPoolExecutor(3) as threads:
        list(threads.map(diagnose, range(3)))
    while marks := db.call("dailies_dirty"):
        verdicts = [verdict(mark["video_id"], "unknown") | mark for mark in marks]
        assert db.call("dailies_save_verdicts", p_verdicts=verdicts) == [{"saved": len(marks)}]
    assert len(list(videos.every_video(db, videos.Filters(causes=("unknown",))))) == 60


@pytest.mark.parametrize(
    ("change", "marked"),
    [
        (lambda db: videos.import_videos(db, [video(WALTZ, "failed", 1)]), {WALTZ}),
        (lambda db: add(db, [entry("names the video", 3, "req-new", video_id=WALTZ)]), {WALTZ}),
        (lambda db: add(db, [entry("names the row's task", 3, "req-new", task_id=TANGO_TASK)]), {TANGO}),
        (lambda db: add(db, [entry("names a task of the log", 3, "req-new", task_id=WALTZ_TASK)]), {WALTZ}),
        (lambda db: add(db, [entry("stands in its request", 3, "req-waltz")]), {WALTZ}),
        (lambda db: add(db, [entry("pasted", 3, None, video_id=SALSA)]), {SALSA}),
        (lambda db: add(db, [entry("of nobody", 3, "req-new")]), set()),
        (lambda db: add(db, the_entries()), set()),
        (lambda db: add(db, [], p_requests=[{"request_id": "req-waltz", "at": at(1)}]), {WALTZ}),
        (lambda db: save_task(db, {"task_id": WALTZ_TASK, "status": "RUNNING"}, WALTZ), {WALTZ}),
    ],
    ids=["row", "video", "task", "task-by-log", "request", "pasted", "other", "repeated", "summary", "state"],
)
def test_what_a_verdict_rests_on_marks_its_video(known: Database, change: Any, marked: set[str]) -> None:
    change(known)
    assert dirty(known) == marked


def test_a_look_up_that_says_nothing_new_marks_nothing(known: Database) -> None:
    save_task(known, {"task_id": WALTZ_TASK, "status": "RUNNING", "progress": 0.1}, WALTZ)
    judge_all(known)
    save_task(known, {"task_id": WALTZ_TASK, "status": "RUNNING", "progress": 0.7}, WALTZ)
    assert dirty(known) == set()


def test_the_longest_waiting_are_judged_first_and_no_more_than_asked_for(db: Database) -> None:
    for row in the_videos():
        videos.import_videos(db, [row])
    assert [mark["video_id"] for mark in db.call("dailies_dirty", p_limit=1)] == [TANGO]
    assert {mark["video_id"] for mark in db.call("dailies_dirty", p_limit=2)} == {WALTZ, SALSA}


def test_a_verdict_whose_time_has_come_is_judged_again(known: Database) -> None:
    past, future = verdict(WALTZ, "in_progress", recheck_at=at()), verdict(SALSA, "in_progress")
    known.call("dailies_save_verdicts", p_verdicts=[past, future | {"recheck_at": "2999-01-01T00:00:00Z"}])
    assert known.call("dailies_dirty") == [{"video_id": WALTZ, "since": None}]


def test_what_changes_now_and_what_is_due_are_judged_before_verdicts_that_are_given_anew(
    postgres: PostgresDatabase, database_url: str
) -> None:
    videos.import_videos(postgres, the_videos())
    judge_all(postgres)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("select dailies.mark_wordless()")
        connection.execute("update dailies.verdicts set recheck_at = now() where video_id = %s", [WALTZ])
    videos.import_videos(postgres, [video(SALSA, "failed")])
    turns = [postgres.call("dailies_dirty", p_limit=1)[0] for _ in range(2)]
    assert [mark["video_id"] for mark in turns] == [SALSA, SALSA], "it waits until it is judged"
    postgres.call("dailies_save_verdicts", p_verdicts=[verdict(SALSA, "unknown") | turns[1]])
    assert postgres.call("dailies_dirty", p_limit=1) == [{"video_id": WALTZ, "since": None}]
    assert {mark["video_id"] for mark in postgres.call("dailies_dirty", p_limit=2)} == {WALTZ, TANGO}


def test_figures_do_not_wait_for_verdicts_that_are_given_anew(
    postgres: PostgresDatabase, database_url: str
) -> None:
    videos.import_videos(postgres, the_videos())
    judge_all(postgres)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "insert into dailies.dirty (video_id, turn) select %s, 2 from generate_series(1, 20001)", [TANGO]
        )
        assert connection.execute("select dailies.is_current()").fetchone() == (True,)
        connection.execute("update dailies.dirty set turn = 1")
        assert connection.execute("select dailies.is_current()").fetchone() == (False,)


def test_the_verdict_of_a_video_that_is_gone_is_not_saved(db: Database) -> None:
    assert db.call("dailies_save_verdicts", p_verdicts=[verdict(TANGO, "succeeded")]) == [{"saved": 0}]


def test_a_verdict_comes_back_as_it_was_saved(known: Database) -> None:
    saved = the_verdicts()[1] | {"candidate_runway_ids": ["a", "b"], "polls": 3, "tries": 2}
    assert known.call("dailies_save_verdicts", p_verdicts=[saved]) == [{"saved": 1}]
    found = videos.get_video(known, WALTZ)["verdict"]
    assert found is not None
    assert {name: found[name] for name in saved} == saved


def test_an_unknown_confidence_is_refused(known: Database) -> None:
    with pytest.raises(DatabaseError, match="confidence"):
        known.call("dailies_save_verdicts", p_verdicts=[verdict(TANGO, "succeeded", confidence="sure")])


def test_evidence_is_all_that_was_logged_about_a_video_in_order(known: Database) -> None:
    found = evidence(known, WALTZ)
    assert found["video"]["id"] == WALTZ
    entries = list(starmap(LogEntry, found["entries"]))
    assert [entry.message for entry in entries] == [
        "Starting video generation for WALTZ",
        "Task created",
        "SUCCEEDED",
    ]
    assert entries[0] == LogEntry(
        entries[0].at_ms, "info", "Starting video generation for WALTZ", "req-waltz", None, None, None
    )


def test_evidence_of_a_video_nobody_logged_is_its_row(known: Database) -> None:
    found = evidence(known, SALSA)
    assert found["video"]["status"] == "failed"
    assert (found["entries"], found["requests"], found["tasks"], found["attempts"]) == ([], [], [], [])


def test_evidence_holds_the_row_s_task_before_others(known: Database) -> None:
    save_task(known, {"task_id": "elsewhere", "status": "FAILED"}, TANGO)
    save_task(known, {"task_id": TANGO_TASK, "status": "SUCCEEDED"})
    found = evidence(known, TANGO)
    assert found["tasks"][0]["task_id"] == TANGO_TASK
    assert [task["task_id"] for task in found["tasks"]] == [TANGO_TASK, "elsewhere"]


def test_evidence_finds_the_task_that_only_the_log_names(known: Database) -> None:
    known.call("dailies_save_task", p_task={"task_id": WALTZ_TASK, "status": "RUNNING"})
    assert evidence(known, WALTZ)["tasks"][0]["status"] == "RUNNING"


def test_evidence_comes_for_many_videos_at_once(known: Database) -> None:
    found = known.call("dailies_dossiers", p_ids=[TANGO, WALTZ, SALSA])
    assert {row["video_id"]: len(row["entries"]) for row in found} == {TANGO: 3, WALTZ: 3, SALSA: 0}
    assert known.call("dailies_dossiers", p_ids=[]) == []


def marks(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("select count(*) from dailies.dirty").fetchone()
    return int(row[0]) if row else 0


def test_changes_that_nobody_judges_do_not_pile_up(postgres: PostgresDatabase, database_url: str) -> None:
    videos.import_videos(postgres, [video(WALTZ, "processing"), video(SALSA, "processing")])
    with psycopg.connect(database_url) as connection:
        for n in range(2000):
            connection.execute("update public.videos set error_message = %s where id = %s", [str(n), WALTZ])
    with psycopg.connect(database_url, autocommit=True) as connection:
        for n in range(20):
            connection.execute("update public.videos set error_message = %s", [f"again {n}"])
    assert marks(database_url) == 2


def test_a_change_that_is_committed_while_its_video_is_judged_is_not_lost(
    postgres: PostgresDatabase, database_url: str
) -> None:
    """Nor does anybody wait: the app's transaction is open all the while."""
    videos.import_videos(postgres, [video(WALTZ, "processing")])
    with psycopg.connect(database_url) as slow:
        slow.execute("set lock_timeout = '1s'")
        slow.execute("update public.videos set error_message = 'first' where id = %s", [WALTZ])
        assert postgres.call("dailies_dirty") == []
        slow.commit()
        slow.execute("update public.videos set status = 'failed' where id = %s", [WALTZ])
        slow.rollback()
        (taken,) = postgres.call("dailies_dirty")
        slow.execute("update public.videos set error_message = 'second' where id = %s", [WALTZ])
        verdict = {
            **{"video_id": WALTZ, "cause": "unknown", "confidence": "possible", "action": "none"},
            **{"stuck": False, "stages": [], "evidence": [], "since": taken["since"]},
        }
        postgres.call("dailies_save_verdicts", p_verdicts=[verdict])
        slow.commit()
    assert [row["video_id"] for row in postgres.call("dailies_dirty")] == [WALTZ]


def test_all_are_judged_anew_the_newest_first_behind_what_is_new_and_each_waits_once(
    postgres: PostgresDatabase,
) -> None:
    videos.import_videos(postgres, the_videos())
    add(postgres, the_entries())
    judge_all(postgres)
    judged = [row["id"] for row in videos.every_video(postgres)]
    assert rejudge(postgres) == len(judged)
    assert rejudge(postgres) == 0
    new = str(uuid.uuid4())
    videos.import_videos(postgres, [video(new, "processing", 0)])
    taken = [postgres.call("dailies_dirty", p_limit=1, p_leave_seconds=60) for _ in (new, *judged)]
    assert [mark["video_id"] for (mark,) in taken] == [new, *judged]
