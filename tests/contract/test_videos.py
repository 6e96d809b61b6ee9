"""Lists, look-ups and imports of videos, through both transports."""

from __future__ import annotations

import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from lib.data import logs, videos
from lib.data.database import Database
from lib.data.videos import Filters, Position, Sort
from lib.domain.video import parse_time
from lib.errors import BadInput, DatabaseConflict, NotFound
from tests.databases import Cluster, RestServer
from tests.examples import (
    NOON,
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
def filled(db: Database) -> Database:
    videos.import_videos(db, the_videos())
    db.call("dailies_add_logs", p_entries=the_entries())
    db.call("dailies_save_verdicts", p_verdicts=the_verdicts())
    return db


def listed(db: Database, **filters: Any) -> list[str]:
    return [row["id"] for row in videos.list_videos(db, Filters(**filters))]


def test_an_answer_longer_than_the_api_allows_comes_whole(db: Database) -> None:
    entry = {"at": "2026-03-01T10:00:00+00:00", "level": "info", "video_id": WALTZ, "task_id": None}
    for start in range(0, 2500, 500):
        lines = [{"key": f"{n:032x}", "message": f"line {n}"} for n in range(start, start + 500)]
        db.call("dailies_add_logs", p_entries=[entry | line for line in lines])
    log = videos.video_log(db, WALTZ, limit=2400)
    assert [row["message"] for row in log] == [f"line {n}" for n in range(2400)]


@pytest.mark.rest
@pytest.mark.parametrize("most", [7, 100])
def test_an_api_that_gives_fewer_rows_than_usual_gives_whole_answers(
    rest_server: RestServer, cluster: Cluster, database_url: str, tmp_path: Path, most: int
) -> None:
    del rest_server  # where it cannot run, nor can this
    server = RestServer(cluster, tmp_path / "log", max_rows=most)
    db = server.open(database_url)
    try:
        made = [video(str(uuid.uuid4()), "failed", n) for n in range(3 * most)]
        videos.import_videos(db, made)
        for wanted in (1, most - 1, most, most + 1, 2 * most, 3 * most):
            found = [row["id"] for row in videos.list_videos(db, limit=wanted)]
            assert found == [row["id"] for row in reversed(made)][:wanted]
    finally:
        db.close()
        server.stop()


def test_the_newest_video_comes_first(filled: Database) -> None:
    assert listed(filled) == [SALSA, WALTZ, TANGO]


def test_the_videos_of_one_user_are_found_within_the_span_of_time_and_no_others(db: Database) -> None:
    ann, ben = str(uuid.uuid4()), str(uuid.uuid4())
    videos.import_videos(
        db,
        [
            video(TANGO, "succeeded", 0, user_id=ann),
            video(WALTZ, "failed", 1, user_id=ann),
            video(SALSA, "failed", 2, user_id=ben),
        ],
    )
    assert listed(db, user=ann) == [WALTZ, TANGO]
    assert listed(db, user=ann, since=NOON + timedelta(seconds=30)) == [WALTZ]
    assert listed(db, user=ann[:8]) == []
    assert listed(db, user="none") == []


def test_a_line_of_the_list_carries_row_and_verdict(filled: Database) -> None:
    row = videos.list_videos(filled, Filters(causes=("task_id_not_saved",)))[0]
    assert (row["id"], row["status"], row["stuck"], row["action"]) == (
        WALTZ,
        "processing",
        True,
        "recover_id",
    )
    assert (row["recoverable_runway_id"], row["first_missing"], row["attempts"]) == (WALTZ_TASK, "saved", 0)
    assert parse_time(row["created_at"]) == parse_time(at(1))
    assert [stage["stage"] for stage in row["stages"]] == ["accepted", "saved"]


def test_videos_are_found_by_their_flow_and_by_whether_a_stage_is_missing(db: Database) -> None:
    videos.import_videos(db, the_videos())
    judged = [
        verdict(TANGO, "succeeded", flow="a"),
        verdict(WALTZ, "task_id_not_saved", flow="a", first_missing="saved"),
        verdict(SALSA, "task_id_not_saved", flow="b", first_missing="saved"),
    ]
    db.call("dailies_save_verdicts", p_verdicts=judged)
    assert listed(db, flow="a") == [WALTZ, TANGO]
    assert listed(db, first_missing="any") == [SALSA, WALTZ]
    assert listed(db, flow="a", first_missing="any") == [WALTZ]
    assert listed(db, flow="a", first_missing="none") == [TANGO]
    assert listed(db, flow="c") == []


def test_a_video_without_a_verdict_is_listed_too(db: Database) -> None:
    videos.import_videos(db, the_videos())
    assert [row["cause"] for row in videos.list_videos(db)] == [None, None, None]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"statuses": ("failed", "succeeded")}, [SALSA, TANGO]),
        ({"statuses": ("no such status",)}, []),
        ({"causes": ("succeeded", "insufficient_credits")}, [SALSA, TANGO]),
        ({"search": "dances"}, [WALTZ, TANGO]),
        ({"search": "CREDITS"}, [SALSA]),
        ({"search": "100%"}, [WALTZ]),
        ({"search": "%"}, [WALTZ]),
        ({"search": "bbbbbbbb"}, [WALTZ]),
        ({"search": TANGO_TASK}, [TANGO]),
        ({"since": NOON.replace(minute=1)}, [SALSA, WALTZ]),
        ({"until": NOON.replace(minute=1)}, [TANGO]),
        ({"trouble": "stuck"}, [WALTZ]),
        ({"trouble": "recoverable"}, [WALTZ]),
        ({"trouble": "failed"}, [SALSA]),
        ({"trouble": "any"}, [SALSA, WALTZ]),
        ({"deployment": "dpl_two"}, [SALSA, WALTZ]),
        ({"deployment": "dpl_two", "trouble": "failed"}, [SALSA]),
        ({"error_group": "You do not have enough credits to run this task."}, [SALSA]),
        ({"error_group": "no error message"}, [WALTZ]),
    ],
)
def test_a_filter_keeps_what_it_names(filled: Database, filters: dict[str, Any], expected: list[str]) -> None:
    assert listed(filled, **filters) == expected


def test_an_unknown_kind_of_trouble_is_refused(db: Database) -> None:
    with pytest.raises(BadInput, match="Unknown kind of trouble: bad"):
        listed(db, trouble="bad")


@pytest.mark.parametrize("filters", [Filters(), Filters(causes=("succeeded",))])
def test_pages_show_every_video_once_even_when_made_at_the_same_moment(
    db: Database, filters: Filters
) -> None:
    ids = [str(uuid.UUID(int=n)) for n in range(1, 8)]
    videos.import_videos(db, [video(one, "succeeded") for one in ids])
    db.call("dailies_save_verdicts", p_verdicts=[the_verdicts()[0] | {"video_id": one} for one in ids])
    assert [row["id"] for row in videos.every_video(db, filters, page=3)] == ids[::-1]


@pytest.mark.parametrize("ascending", [False, True])
@pytest.mark.parametrize("by", videos.SORTS)
def test_a_list_is_sorted_as_a_whole_page_by_page(filled: Database, by: str, ascending: bool) -> None:
    more = [video(str(uuid.UUID(int=n)), "failed") for n in range(1, 6)]
    videos.import_videos(filled, more)
    sort = Sort(by, ascending)
    whole = [row["id"] for row in videos.list_videos(filled, sort=sort)]
    assert len(whole) == len(set(whole)) == 8
    paged: list[str] = []
    after = None
    while rows := videos.list_videos(filled, sort=sort, after=after, limit=3):
        paged += [row["id"] for row in rows]
        end = videos.end_of(rows)
        after = Position.read(end.written) if end else None
    assert paged == whole
    assert whole == [row["id"] for row in videos.list_videos(filled, sort=Sort(by, not ascending))][::-1]


def test_the_oldest_or_a_status_can_come_first(filled: Database) -> None:
    assert videos.list_videos(filled, sort=Sort(ascending=True))[0]["id"] == TANGO
    by_status = [row["status"] for row in videos.list_videos(filled, sort=Sort("status", ascending=True))]
    assert by_status == ["failed", "processing", "succeeded"]


def test_an_unknown_order_is_refused(db: Database) -> None:
    with pytest.raises(BadInput, match="cannot be sorted by luck"):
        videos.list_videos(db, sort=Sort("luck"))


def test_a_page_says_how_many_fit_on_all_pages(filled: Database) -> None:
    chosen = Filters(causes=("succeeded", "insufficient_credits"))
    (first,) = videos.list_videos(filled, chosen, counted=True, limit=1)
    (second,) = videos.list_videos(filled, chosen, counted=True, limit=1, after=videos.end_of([first]))
    assert (first["matches"], second["matches"]) == (2, 2)
    assert videos.list_videos(filled, limit=1)[0]["matches"] is None


def test_videos_of_which_nobody_wrote_the_model_down_are_listed_apart(filled: Database) -> None:
    assert listed(filled, model="gen4_turbo") == []
    assert listed(filled, model="none") == [SALSA, WALTZ, TANGO]


def test_a_page_after_the_last_video_is_empty(filled: Database) -> None:
    assert videos.list_videos(filled, after=Position(at(0), TANGO)) == []
    assert videos.end_of([]) is None


def test_all_that_is_known_of_a_video_comes_together(filled: Database) -> None:
    save_task(filled, {"task_id": TANGO_TASK, "status": "SUCCEEDED", "output": ["https://x/1.mp4"]})
    filled.call("dailies_add_logs", p_requests=[{"request_id": "req-tango", "at": at(), "status_code": 200}])
    found = videos.get_video(filled, TANGO)
    assert found["video"]["prompt"] == "a dog dances Tango"
    assert found["verdict"] is not None
    assert found["verdict"]["cause"] == "succeeded"
    assert found["task"] is not None
    assert found["task"]["task_id"] == TANGO_TASK
    assert [request["request_id"] for request in found["requests"]] == ["req-tango"]
    assert (found["attempts"], found["audit"]) == ([], [])


def test_a_video_that_does_not_exist_is_not_found(db: Database) -> None:
    with pytest.raises(NotFound, match=f"There is no video {TANGO}"):
        videos.get_video(db, TANGO)


def test_a_malformed_id_is_bad_input(db: Database) -> None:
    with pytest.raises(BadInput, match="not-an-id"):
        videos.get_video(db, "not-an-id")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (WALTZ, [WALTZ]),
        (f"  {WALTZ.upper()} ", [WALTZ]),
        ("bbbbbbbb-00", [WALTZ]),
        (TANGO_TASK, [TANGO]),
        ("bbbb", [WALTZ]),
        ("bbb", []),
        ("nothing like an id", []),
        ("", []),
    ],
)
def test_a_video_is_found_by_id_by_its_beginning_or_by_task(
    filled: Database, text: str, expected: list[str]
) -> None:
    assert videos.find_videos(filled, text) == expected


def test_the_log_of_a_video_holds_every_request_that_tells_of_it(filled: Database) -> None:
    log = videos.video_log(filled, WALTZ)
    assert [line["message"] for line in log] == [
        "Starting video generation for WALTZ",
        "Task created",
        "SUCCEEDED",  # this request names only the task, and another request says whose it is
    ]
    assert [line["request_id"] for line in videos.video_log(filled, TANGO)] == [
        "req-tango",
        "req-tango",
        "req-tango-poll",
    ]


def test_all_logs_are_searched_whatever_the_case_and_a_line_knows_its_video(filled: Database) -> None:
    def found(text: str, minutes: float = 5) -> list[tuple[str, str | None]]:
        lines = logs.search_logs(filled, text, NOON, NOON + timedelta(minutes=minutes))
        return [(line.message, line.video_id) for line in lines]

    assert found("task CREATED") == [("Task created", WALTZ), ("Task created", TANGO)]
    assert found("task created", minutes=1) == [("Task created", TANGO)]
    assert found("health") == [("GET /health", None)]
    assert found("100%") == found("_") == found("x" * 300) == []


def test_a_line_is_found_as_it_is_shown_with_one_blank_for_its_breaks(filled: Database) -> None:
    shown = "Failed { code: 5, hint: 'swan' }"
    lines = ("Failed {\n  code: 5,\n\thint: 'swan' }", shown, "Failed at code 5, hint: 'swan'")
    entries = [entry(message, minute, "req-lines") for minute, message in enumerate(lines)]
    filled.call("dailies_add_logs", p_entries=entries)

    def found(text: str) -> int:
        return len(logs.search_logs(filled, text, NOON - timedelta(days=1), NOON + timedelta(days=1)))

    assert (found(shown), found("failed {\n  code: 5"), found("{ code"), found("code 5")) == (2, 2, 2, 1)


def test_the_log_knows_the_answer_of_a_request_from_its_summary(filled: Database) -> None:
    filled.call("dailies_add_logs", p_requests=[{"request_id": "req-waltz", "at": at(), "status_code": 504}])
    assert [line["status_code"] for line in videos.video_log(filled, WALTZ)] == [504, 504, None]


def test_importing_the_same_export_again_changes_nothing(db: Database) -> None:
    assert videos.import_videos(db, the_videos()) == (3, [])
    assert videos.import_videos(db, the_videos()) == (0, [])
    changed = the_videos()
    changed[1]["status"] = "failed"
    assert videos.import_videos(db, changed) == (1, [])


def test_an_import_names_the_columns_it_could_not_keep(db: Database) -> None:
    row = video(TANGO, "succeeded", colour="red", bpm=120)
    assert videos.import_videos(db, [row]) == (1, ["bpm", "colour"])


def test_a_row_without_an_id_is_refused(db: Database) -> None:
    with pytest.raises(BadInput, match="needs an id"):
        videos.import_videos(db, [{"status": "queued"}])


def test_an_unknown_status_is_kept_and_listed(db: Database) -> None:
    videos.import_videos(db, [video(TANGO, "paused")])
    assert [row["status"] for row in videos.list_videos(db)] == ["paused"]


@pytest.mark.parametrize(
    ("task", "status", "message"),
    [
        ({"status": "SUCCEEDED", "output": ["https://x/waltz.mp4"]}, "succeeded", None),
        ({"status": "FAILED", "failure": "Bad image"}, "failed", "Bad image"),
        ({"status": "FAILED", "failure_code": "INTERNAL"}, "failed", "INTERNAL"),
        ({"status": "CANCELLED"}, "failed", "The task was cancelled at Runway"),
        ({"status": "DELETED"}, "failed", "The task was deleted at Runway"),
        ({"status": "RUNNING", "progress": 0.5}, "processing", None),
        ({"status": "SOMETHING_NEW"}, "processing", None),
    ],
)
def test_the_final_state_of_a_task_is_written_into_the_row(
    filled: Database, task: dict[str, Any], status: str, message: str | None
) -> None:
    changed = save_task(filled, {"task_id": WALTZ_TASK} | task, WALTZ)
    row = videos.get_video(filled, WALTZ)["video"]
    assert (row["status"], row["error_message"], changed) == (status, message, status != "processing")
    assert row["video_url"] == (task["output"][0] if "output" in task else None)
    assert row["runway_video_id"] == (WALTZ_TASK if changed else None)


def test_a_state_that_is_known_already_changes_nothing(filled: Database) -> None:
    task = {"task_id": WALTZ_TASK, "status": "FAILED", "failure": "Bad image"}
    assert save_task(filled, task, WALTZ)
    assert not save_task(filled, task, WALTZ)


def test_a_success_is_never_overwritten(filled: Database) -> None:
    assert not save_task(filled, {"task_id": TANGO_TASK, "status": "DELETED"})
    assert videos.get_video(filled, TANGO)["video"]["status"] == "succeeded"


def test_an_earlier_task_does_not_touch_the_row_of_a_later_one(filled: Database) -> None:
    videos.import_videos(filled, [video(WALTZ, "processing", 1, runway_video_id="later")])
    assert not save_task(filled, {"task_id": WALTZ_TASK, "status": "FAILED"}, WALTZ)
    assert videos.get_video(filled, WALTZ)["video"]["runway_video_id"] == "later"


def test_a_task_of_another_video_is_refused(filled: Database) -> None:
    with pytest.raises(DatabaseConflict, match=f"Task {TANGO_TASK} belongs to video {TANGO}"):
        save_task(filled, {"task_id": TANGO_TASK, "status": "SUCCEEDED"}, WALTZ)


def test_a_task_without_an_id_is_refused(db: Database) -> None:
    with pytest.raises(BadInput, match="task_id"):
        save_task(db, {"status": "SUCCEEDED"})


def test_text_comes_back_as_it_went_in(db: Database) -> None:
    """Quotes, a backslash, emoji; the character 0, which Postgres cannot hold, is left out."""
    prompt = 'it\'s "quoted" \\u0000 \\ 100% 🎬 nul:\x00.'
    videos.import_videos(db, [video(TANGO, "queued", prompt=prompt)])
    assert videos.get_video(db, TANGO)["video"]["prompt"] == prompt.replace("\x00", "")
