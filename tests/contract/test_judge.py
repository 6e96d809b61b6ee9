"""Verdicts kept up to date in the database: only what changed is judged, by the same code as files."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from lib.app import App
from lib.data import videos
from lib.data.database import Database, Row
from lib.data.logs import nobodys
from lib.data.verdicts import dirty_videos
from lib.domain.trace import LogEntry
from lib.operations.judge import judge_dirty
from lib.traces.naming import names_in
from tests.apps import app_of
from tests.examples import entry
from tests.stories import ANNA, ANNAS_TASK, BELA, IMAGE, START, line, run

NOW = START + timedelta(hours=1)
CELI, DORA = "cccccccc-3333-4000-8000-000000000003", "dddddddd-4444-4000-8000-000000000004"
CELIS_TASK = "33333333-cccc-4000-8000-00000000000c"


def stored(entries: list[LogEntry]) -> list[Row]:
    rows = []
    for one in entries:
        names = names_in(one.message)
        made = entry(one.message, 0, one.request_id, level=one.level, deployment_id=one.deployment_id)
        made["at"] = (START + timedelta(milliseconds=one.at_ms - START.timestamp() * 1000)).isoformat()
        rows.append(
            made | {"video_id": next(iter(names.videos), None), "task_id": next(iter(names.tasks), None)}
        )
    return rows


def at(moment: datetime, db: Database) -> App:
    return app_of(db, clock=lambda: moment)


@pytest.fixture
def known(db: Database) -> Database:
    """ANNA's id is only in the logs; BELA's run stopped before it called Runway."""
    rows = [(ANNA, "failed"), (BELA, "processing")]
    created = {"created_at": START.isoformat(), "updated_at": START.isoformat(), "input_image_url": IMAGE}
    videos.import_videos(db, [{"id": video, "status": status} | created for video, status in rows])
    lost = run("sync-sdk", stages=10)
    halted = run("async-sdk", BELA, stages=4, request="req-b")
    later = line("[health] ok", 3000, "req-later")  # the log goes on
    db.call("dailies_add_logs", p_entries=stored([*lost, *halted, later]))
    return db


def verdict(db: Database, video: str) -> Row:
    found = videos.get_video(db, video)["verdict"]
    assert found is not None
    return found


def test_everything_dirty_is_judged_and_then_nothing_is_dirty(known: Database) -> None:
    assert judge_dirty(at(NOW, known), 100) == 2
    assert dirty_videos(known, 100) == []
    assert judge_dirty(at(NOW, known), 100) == 0


def test_verdicts_are_saved_with_what_they_rest_on(known: Database) -> None:
    judge_dirty(at(NOW, known), 100)
    anna, bela = verdict(known, ANNA), verdict(known, BELA)
    assert (anna["cause"], anna["recoverable_runway_id"]) == ("task_id_not_saved", ANNAS_TASK)
    assert (bela["cause"], bela["action"], bela["stuck"]) == ("function_terminated", "retry", True)
    assert bela["flow"] in ("async-fetch", "async-sdk")
    assert bela["first_missing"] == "runway_called"
    assert bela["evidence"]


def test_at_most_the_asked_number_is_judged_at_once(known: Database) -> None:
    assert judge_dirty(at(NOW, known), 1) == 1
    assert len(dirty_videos(known, 100)) == 1


def test_a_new_line_makes_only_its_video_dirty_and_changes_its_verdict(known: Database) -> None:
    judge_dirty(at(NOW, known), 100)
    known.call("dailies_add_logs", p_entries=stored(run("async-sdk", BELA, ANNAS_TASK, request="req-b")[4:9]))
    assert judge_dirty(at(NOW, known), 100) == 1
    assert verdict(known, BELA)["action"] == "ask"


def test_a_verdict_that_time_may_change_comes_up_again(known: Database) -> None:
    judge_dirty(at(START + timedelta(minutes=1), known), 100)
    assert verdict(known, BELA)["cause"] == "in_progress"
    assert judge_dirty(at(NOW, known), 100) == 1
    assert verdict(known, BELA)["cause"] == "function_terminated"


def nameless(task: str, request: str = "req-n", begin: float = 2) -> list[LogEntry]:
    """What Runway's client logs of a run, in a request that names no video."""
    return run("async-sdk", task=task, request=request, begin=begin, stages=10)[5:]


def test_a_task_that_nobodys_lines_name_keeps_every_row_that_waited_from_being_paid_for_again(
    known: Database,
) -> None:
    judge_dirty(at(NOW, known), 100)
    assert verdict(known, BELA)["action"] == "retry"
    known.call("dailies_add_logs", p_entries=stored(nameless(CELIS_TASK)))
    assert {each["video_id"] for each in dirty_videos(known, 100)} == {ANNA, BELA}
    judge_dirty(at(NOW, known), 100)
    bela = verdict(known, BELA)
    assert (bela["action"], bela["candidate_runway_ids"]) == ("ask", [CELIS_TASK])


def test_a_worker_may_take_a_row_up_within_the_hour(known: Database) -> None:
    judge_dirty(at(NOW, known), 100)
    known.call("dailies_add_logs", p_entries=stored(nameless(CELIS_TASK, begin=50 * 60)))
    assert {each["video_id"] for each in dirty_videos(known, 100)} == {ANNA, BELA}
    judge_dirty(at(NOW, known), 100)
    assert (verdict(known, BELA)["action"], verdict(known, BELA)["candidate_runway_ids"]) == (
        "ask",
        [CELIS_TASK],
    )


def test_however_many_rows_wait_besides_the_task_may_be_of_each(known: Database) -> None:
    made = [(START + timedelta(seconds=number)).isoformat() for number in range(1, 60)]
    rows = [
        {"id": f"{number:08x}-5555-4000-8000-000000000005", "status": "processing", "created_at": created}
        for number, created in enumerate(made)
    ]
    videos.import_videos(known, rows)
    known.call("dailies_add_logs", p_entries=stored(nameless(CELIS_TASK, begin=100)))
    judge_dirty(at(NOW, known), 100)
    assert (verdict(known, BELA)["action"], verdict(known, BELA)["candidate_runway_ids"]) == (
        "ask",
        [CELIS_TASK],
    )


def pictured(db: Database, number: int) -> tuple[str, list[LogEntry]]:
    """A nobody's task whose request shows the picture of a row of its own; and its lines."""
    picture = f"https://images.example.com/portraits/{number:024d}.jpg"
    made = {"status": "processing", "created_at": (START + timedelta(seconds=1)).isoformat()}
    video, task = f"{number:08x}-5555-4000-8000-000000000005", f"{number:08x}-6666-4000-8000-000000000006"
    videos.import_videos(db, [made | {"id": video, "input_image_url": picture}])
    words = f"cron: picture {picture}", f"[Runway API] Task created with ID: {task}"
    return task, [line(text, 60 + number, f"req-{number}") for text in words]


def test_where_more_tasks_are_nobodys_than_are_read_one_may_be_of_each_row(known: Database) -> None:
    entries = [each for number in range(1, 25) for each in pictured(known, number)[1]]
    known.call("dailies_add_logs", p_entries=stored(entries[:30]))
    judge_dirty(at(NOW, known), 100)
    assert verdict(known, BELA)["action"] == "retry", "all are of others, as their pictures show"
    known.call("dailies_add_logs", p_entries=stored(entries[30:]))
    judge_dirty(at(NOW, known), 100)
    assert verdict(known, BELA)["action"] == "ask"


def test_a_task_that_came_later_half_first_counts_once_among_those_that_are_read(known: Database) -> None:
    first, later = list[LogEntry](), list[LogEntry]()
    for number in range(1, 16):
        task, lines = pictured(known, number)
        first += lines
        later.append(line(f"[Runway API] Retrieving initial task status for ID: {task}", 90, f"req-{number}"))
    for half in (later, first, nameless(CELIS_TASK, begin=100)):
        known.call("dailies_add_logs", p_entries=stored(half))
    judge_dirty(at(NOW, known), 100)
    assert verdict(known, BELA)["candidate_runway_ids"] == [CELIS_TASK]


def nobodys_of_the_day(db: Database) -> dict[str, list[str]]:
    day = timedelta(days=1)
    return {each.task_id: each.candidates for each in nobodys(db, START - day, START + day)}


def test_a_task_that_is_nobodys_is_listed_with_the_rows_that_may_have_it(known: Database) -> None:
    known.call("dailies_add_logs", p_entries=stored(nameless(CELIS_TASK)))
    judge_dirty(at(NOW, known), 100)
    assert nobodys_of_the_day(known) == {CELIS_TASK: [ANNA, BELA]}
    (one,) = nobodys(known, START, NOW)
    assert one.message == f"[Runway API] Task created with ID: {CELIS_TASK}"
    assert nobodys(known, NOW, NOW + timedelta(days=1)) == []


def test_a_task_is_listed_as_nobodys_where_no_row_waited_for_one(known: Database) -> None:
    known.call("dailies_add_logs", p_entries=stored(nameless(CELIS_TASK, begin=2 * 3600)))
    judge_dirty(at(NOW + timedelta(hours=2), known), 100)
    assert nobodys_of_the_day(known) == {CELIS_TASK: []}


def test_a_task_of_another_row_is_nobodys_candidate(known: Database) -> None:
    celi = {
        "id": CELI,
        "status": "processing",
        "created_at": START.isoformat(),
        "runway_video_id": CELIS_TASK,
    }
    videos.import_videos(known, [celi])
    known.call("dailies_add_logs", p_entries=stored(nameless(CELIS_TASK)))
    judge_dirty(at(NOW, known), 100)
    assert verdict(known, BELA)["action"] == "retry"
    assert nobodys_of_the_day(known) == {}


def test_two_rows_with_the_same_picture_are_both_candidates(known: Database) -> None:
    picture = "https://images.example.com/portraits/mia-in-the-garden.jpg"
    created = {"status": "processing", "created_at": START.isoformat(), "input_image_url": picture}
    videos.import_videos(known, [{"id": one} | created for one in (CELI, DORA)])
    shown = line(f"[Runway API] Config: {{ imageUrl: '{picture}' }}", 2.6, "req-n")
    known.call("dailies_add_logs", p_entries=stored([*nameless(CELIS_TASK), shown]))
    judge_dirty(at(NOW, known), 100)
    for one in (CELI, DORA):
        found = verdict(known, one)
        assert (found["recoverable_runway_id"], found["candidate_runway_ids"]) == (None, [CELIS_TASK])
