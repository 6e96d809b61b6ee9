"""Every page in every state: healthy, empty, the database down, a hostile row; no exception box in any."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

import pytest
from streamlit.testing.v1 import AppTest

from lib.data import videos
from lib.data.database import Database, Row
from lib.data.postgres import PostgresDatabase
from lib.errors import DatabaseUnavailable
from lib.operations.environment.settings import Check, Level
from lib.operations.judge import judge_all
from lib.settings import ROOT
from lib.ui.kit import loaders
from lib.ui.kit.dashboard import Dashboard, provide
from lib.ui.views.environment import is_disproved
from lib.ui.views.video import is_moving
from tests.apps import app_of
from tests.examples import NOON, SALSA, WALTZ, entry, the_entries, the_verdicts, the_videos, verdict, video
from tests.pages import listed, opened, serve, text_of

PAGES = (
    "overview",
    "videos",
    "video",
    "stages",
    "errors",
    "latency",
    "recover",
    "audit",
    "generate",
    "environment",
)
LOST_TASK = "44444444-dddd-4000-8000-000000000004"
LONELY_TASK = "55555555-eeee-4000-8000-000000000005"
HOSTILE = "![x](http://evil.test/x.png) <script>alert(1)</script> :red[boo] [go](javascript:alert(1))"


def now_instead_of_noon(rows: list[Row]) -> list[Row]:
    """The cast acted on a day in March; pages look at the last hour."""
    shift = datetime.now(UTC) - timedelta(minutes=30) - NOON
    return [{key: _shifted(value, shift) for key, value in row.items()} for row in rows]


def _shifted(value: Any, shift: timedelta) -> Any:
    if isinstance(value, list):
        return [_shifted(item, shift) for item in value]
    if isinstance(value, dict):
        return {key: _shifted(item, shift) for key, item in value.items()}
    if isinstance(value, str) and value.startswith(NOON.date().isoformat()):
        return (datetime.fromisoformat(value) + shift).isoformat()
    return value


@pytest.fixture
def empty(postgres: PostgresDatabase) -> PostgresDatabase:
    serve(postgres)
    return postgres


@pytest.fixture
def filled(empty: PostgresDatabase) -> PostgresDatabase:
    videos.import_videos(empty, now_instead_of_noon(the_videos()))
    empty.call("dailies_add_logs", p_entries=now_instead_of_noon(the_entries()))
    empty.call("dailies_save_verdicts", p_verdicts=now_instead_of_noon(the_verdicts()))
    return empty


class Down:
    """A database that went away."""

    label = "Postgres test"

    def call(self, function: str, /, **arguments: Any) -> list[Row]:
        raise DatabaseUnavailable("Nobody listens at 127.0.0.1:5432. Start it.")

    def close(self) -> None: ...


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.usefixtures("filled")
def test_every_page_opens(page: str) -> None:
    assert opened(page).title[0].value == page.capitalize()


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.usefixtures("empty")
def test_every_page_narrates_that_there_is_nothing_yet(page: str) -> None:
    said = text_of(opened(page))
    assert said.strip()
    assert "None" not in said


def test_an_empty_database_shows_the_first_steps_and_a_history_to_look_at(
    postgres: PostgresDatabase, tmp_path: Path
) -> None:
    dashboard = Dashboard(app_of(postgres, folder=tmp_path))
    provide(dashboard)
    app = opened("overview")
    assert "python -m lib import-videos" in text_of(app)
    app.button(key="seed").click().run()
    dashboard.jobs.stop()  # waits for it
    assert dashboard.jobs.problem("sample-history") is None
    app.run()
    assert not app.exception
    assert "First steps" not in text_of(app)


def test_the_first_steps_end_with_the_first_video(filled: Database) -> None:
    assert "First steps" not in text_of(opened("overview"))


@pytest.mark.parametrize("page", [page for page in PAGES if page not in ("video", "generate")])
def test_every_page_says_that_the_database_is_down_and_what_to_do(page: str) -> None:
    serve(Down())
    assert "Nobody listens at 127.0.0.1:5432. Start it." in text_of(opened(page))


def test_a_database_that_never_opened_is_told_with_its_reason() -> None:
    why = "The password was refused. Correct DATABASE_URL."
    provide(Dashboard(replace(app_of(), no_database=why)))
    assert "The password was refused. Correct DATABASE_URL." in text_of(opened("overview"))


def test_the_start_is_narrated_while_the_database_opens() -> None:
    dashboard = serve(None, preparing="Opening the database")
    assert opened("overview").get("status")
    assert dashboard.outage.error is None  # what is not open yet is not away: the next run asks it


def test_the_header_says_what_is_in_use(filled: Database) -> None:
    said = text_of(opened("overview"))
    assert "Runway simulator" in said
    assert "test" in said


def test_the_overview_answers_in_its_first_sentence(filled: Database) -> None:
    assert opened("overview").error[0].value.startswith("**1 video from the last hour is stuck")


def test_the_window_of_the_address_is_the_window_shown(filled: Database) -> None:
    app = opened("overview", window="1h")
    assert app.segmented_control(key="window").value == "1h"
    assert "in the last hour" in text_of(app)


def test_a_window_that_ended_is_browsed_like_the_present(empty: Database) -> None:
    videos.import_videos(empty, the_videos())
    app = opened("videos", window="1h", until="2026-03-14T12:10:00Z")
    assert listed(app).count("<tr>") == 4
    assert "No video in the hour before 14 Mar 2026 11:00" in text_of(
        opened("videos", window="1h", until="2026-03-14T11:00")
    )


@pytest.mark.parametrize("page", ["overview", "videos", "stages", "errors"])
def test_an_empty_window_says_when_the_newest_video_is_from_and_goes_there(
    empty: Database, page: str
) -> None:
    videos.import_videos(empty, the_videos())
    empty.call("dailies_save_verdicts", p_verdicts=the_verdicts())
    app = opened(page)
    assert "The newest video is from 14 Mar 2026 12:02." in text_of(app)
    app.button(key="show-newest").click().run()
    assert not app.exception
    assert app.query_params["until"] == "2026-03-14T12:03"
    assert "The newest video is from" not in text_of(app)


def test_a_task_that_is_nobodys_is_never_left_unmentioned(filled: Database) -> None:
    waits = [verdict(WALTZ, "unknown", candidate_runway_ids=[LOST_TASK])]
    filled.call("dailies_save_verdicts", p_verdicts=now_instead_of_noon(waits))
    nameless = [
        entry(f"[Runway API] Task created with ID: {task}", 1, request, task_id=task)
        for request, task in (("req-lost", LOST_TASK), ("req-alone", LONELY_TASK))
    ]
    filled.call("dailies_add_logs", p_entries=now_instead_of_noon(nameless))
    app = opened("stages")
    told = text_of(app)
    assert f"Task created with ID: {LOST_TASK}" in told
    assert f"Task created with ID: {LONELY_TASK}" in told
    assert told.count("No row waited for a task then.") == 1
    assert f"`{WALTZ[:8]}`" in {link.proto.label for link in app.get("page_link")}


@pytest.mark.parametrize(("tasks", "said"), [(50, "50 tasks of"), (51, "More than 50 tasks of")])
def test_tasks_of_nobodys_that_are_not_listed_are_told(filled: Database, tasks: int, said: str) -> None:
    ids = [str(UUID(int=n, version=4)) for n in range(tasks)]
    lines = [
        entry(f"[Runway API] Task created with ID: {task}", 1, f"req-{task}", task_id=task) for task in ids
    ]
    filled.call("dailies_add_logs", p_entries=now_instead_of_noon(lines))
    app = opened("stages")
    assert f"{said} nobody's, the latest first" in [part.label for part in app.expander]
    assert text_of(app).count("Task created with ID") == 50


@pytest.mark.parametrize(("lines", "said"), [(100, "100 lines in"), (101, "More than 100 lines in")])
def test_lines_that_are_found_and_not_listed_are_told(filled: Database, lines: int, said: str) -> None:
    entries = [entry(f"polka {n}", 1, f"req-{n}") for n in range(lines)]
    filled.call("dailies_add_logs", p_entries=now_instead_of_noon(entries))
    app = lines_found("polka", window="1h")
    assert f"{said} the last hour, the latest first." in text_of(app)
    assert "".join(str(each.proto.body) for each in app.get("html")).count(">polka ") == 100


def test_an_upload_is_read_at_once_and_shown_for_the_time_it_covers(empty: Database) -> None:
    app = opened("stages")
    line = '{"timestampInMs": 1763046300000, "requestId": "r1", "message": "hello", "level": "info"}'
    app.chat_input(key="logs").upload("old.ndjson", line.encode(), "application/json").run()
    assert not app.exception
    assert "**old.ndjson**" in text_of(app)
    assert (app.query_params["window"], app.query_params["until"]) == ("1h", "2025-11-13T15:06")


PASTED = """2026-02-20T10:00:00.113Z [info] [Video Generation] Starting video generation for video {id}
2026-02-20T10:00:00.117Z [info] [Video Generation] Environment check: {{ hasRunwayApiKey: true }}
2026-02-20T10:00:00.130Z [info] [Video Generation] Updating video {id} status to processing
"""


def test_pasted_lines_say_which_stage_is_missing_without_any_row(empty: Database) -> None:
    app = opened("stages")
    app.chat_input(key="logs").set_value(PASTED.format(id=WALTZ)).run()
    assert not app.exception
    assert "**Function terminated**, first missing stage **runway called**" in text_of(app)
    assert loaders.freshness()["last_log_at"] is None
    app.button(key="store-pasted").click().run()
    assert not app.exception
    assert loaders.freshness()["last_log_at"] is not None
    app.chat_input(key="logs").set_value("hello").run()
    assert "This input cannot be used" in text_of(app)
    assert "store-pasted" not in [button.key for button in app.button]


def test_what_was_chosen_on_one_page_holds_on_the_next(empty: Database) -> None:
    videos.import_videos(empty, the_videos())
    app = opened("overview")
    app.button(key="show-newest").click().run()
    app.query_params.clear()  # as the page navigation does
    app.switch_page("../../pages/videos.py").run()
    assert listed(app).count("<tr>") == 4


def test_videos_are_filtered_by_the_address(filled: Database) -> None:
    table = listed(opened("videos", cause="Out of credits"))
    assert table.count("<tr>") == 2
    assert "You do not have enough credits to run this task." in table


def test_groups_of_errors_are_links_and_are_sorted_by_the_address(empty: Database) -> None:
    texts = ["Out of memory", "Out of memory", "Out of paper"]
    rows = [
        video(str(UUID(int=n)), "failed", n if n != 1 else 60, error_message=text)
        for n, text in enumerate(texts)
    ]
    videos.import_videos(empty, rows)
    judge_all(app_of(empty))

    def shown(**query: str) -> list[str]:
        table = listed(opened("errors", window="all", **query))
        return re.findall(r'<a href="errors\?group=Out\+of\+(\w+)&amp;', table)

    assert shown() == shown(sort="-n") == shown(sort="nonsense") == ["memory", "paper"]
    assert shown(sort="n") == ["paper", "memory"]
    assert shown(sort="-first") == ["paper", "memory"]
    assert shown(sort="-last") == ["memory", "paper"]
    assert 'aria-sort="descending"' in listed(opened("errors", window="all"))


@pytest.fixture
def many_groups(empty: Database) -> Database:
    """102 groups of one video each, of as many deployments."""
    verdicts = []
    for n in range(102):
        row = video(
            str(UUID(int=n)), "failed", 20, error_message="Out of " + "ghijklmnopq"[n // 10] * (1 + n % 10)
        )
        videos.import_videos(empty, [row])
        verdicts.append(verdict(row["id"], "moderated", deployment_id=f"dpl_{n}"))
    empty.call("dailies_save_verdicts", p_verdicts=verdicts)
    return empty


@pytest.mark.parametrize("window", ["all", "3650d"])
def test_what_is_said_of_errors_is_what_the_bars_hold_also_beyond_what_is_listed(
    many_groups: Database, window: str
) -> None:
    app = opened("errors", window=window, by="deployment")
    assert "102 videos in trouble" in text_of(app)
    assert "in more than 100 groups, of which these are the largest:" in text_of(app)
    figure = json.loads(app.get("plotly_chart")[0].proto.spec)
    assert sum(sum(bar["y"]) for bar in figure["data"]) == 102
    assert figure["data"][-1]["name"] == "others"
    assert listed(app).count("<tr>") == 101


@pytest.mark.parametrize("window", ["7d", "all"])
def test_nothing_grew_and_nothing_is_new_where_nothing_was_before(filled: Database, window: str) -> None:
    """What there is began half an hour ago: the week before had none. Then it had."""
    said = text_of(opened("errors", window=window))
    assert " 0 new, " in said
    assert "grew most" not in said
    assert "★ new" not in listed(opened("errors", window=window))

    def overview() -> str:
        app = opened("overview", window=window)
        return text_of(app) + "".join(str(each.proto.body) for each in app.get("html"))

    assert "than before" not in overview()
    ten_days_ago = (datetime.now(UTC) - timedelta(days=10)).isoformat()
    before = {"created_at": ten_days_ago, "updated_at": ten_days_ago}
    videos.import_videos(filled, [{"id": str(UUID(int=9)), "status": "succeeded", **before}])
    loaders.forget()
    is_compared = window == "7d"
    assert ("than before" in overview()) is is_compared
    said = text_of(opened("errors", window=window))
    assert (" 0 new, " not in said) is is_compared
    assert ("grew most" in said) is is_compared
    assert ("★ new" in listed(opened("errors", window=window))) is is_compared


def test_a_search_leads_to_the_lines_of_logs_that_hold_it(filled: Database) -> None:
    app = opened("videos", q="task created", window="1h")
    assert "Found in logs" in [part.label for part in app.expander]
    assert "Task created" not in "".join(str(each.proto.body) for each in app.get("html"))


def lines_found(text: str, **query: str) -> AppTest:
    """Videos, with what was found in logs unfolded."""
    app = opened("videos", q=text, **query)
    app.session_state["in-logs"] = True
    return app.run()


def test_lines_are_searched_for_a_whole_text_or_not_at_all(filled: Database) -> None:
    line = "x" * 199 + "y"
    entries = now_instead_of_noon([entry(f"{line} and more", 0.2, "req-long")])
    filled.call("dailies_add_logs", p_entries=entries)
    assert "1 line in the last hour" in text_of(lines_found(line, window="1h"))
    app = lines_found(f"{line} and less", window="1h")
    assert "At most 200 characters of a line can be searched for; this has 209." in text_of(app)
    assert "and more" not in "".join(str(each.proto.body) for each in app.get("html"))


@pytest.mark.parametrize(
    ("query", "note"),
    [
        ({"sort": "cause"}, "Sorted by this, all rows are read"),
        ({"sort": "-changed"}, "Sorted by this, all rows are read"),
        ({"q": "ä!"}, "read one by one"),
    ],
)
def test_a_list_that_takes_seconds_says_so_and_leads_to_itself_of_a_week(
    filled: Database, query: dict[str, str], note: str
) -> None:
    label = "Only those in the last 7 days"
    app = opened("videos", window="30d", after="2.x", status="failed", **query)
    assert note in text_of(app)
    (link,) = (each.proto for each in app.get("page_link") if each.proto.label == label)
    assert parse_qs(link.query_string) == {
        "window": ["7d"],
        "status": ["failed"],
        **{k: [v] for k, v in query.items()},
    }
    week = opened("videos", window="7d", status="failed", **query)
    assert "Sorted by this" not in text_of(week)
    assert label not in [each.proto.label for each in week.get("page_link")]


@pytest.mark.parametrize("sort", ["created", "-created", "nonsense"])
def test_a_list_in_order_of_time_is_quick_and_nothing_is_said_of_it(filled: Database, sort: str) -> None:
    app = opened("videos", window="30d", sort=sort)
    assert "is quicker" not in text_of(app)
    assert listed(app).count("<tr>") == 4


def test_a_text_that_no_index_leads_to_is_told_and_a_shorter_span_offered(filled: Database) -> None:
    app = lines_found('"})', window="30d")
    assert "without them only those of a day are read" in text_of(app)
    assert "Search the last 24 hours only" in [each.proto.label for each in app.get("page_link")]
    assert "only those of a day" not in text_of(lines_found('"})', window="24h"))
    assert "only those of a day" not in text_of(lines_found("привет", window="30d"))


def test_lines_of_all_time_are_found_however_long_before_the_first_video(filled: Database) -> None:
    old = entry("Deployed by hand", 0, "req-old") | {"at": "1999-12-31T23:59:00+00:00"}
    filled.call("dailies_add_logs", p_entries=[old])
    assert "1 line of all time" in text_of(lines_found("Deployed by hand", window="all"))
    assert "1 line before 1 Jan 2001" in text_of(
        lines_found("Deployed by hand", window="all", until="2001-01-01T00:00")
    )
    said = text_of(lines_found("Deployed by hand", window="30d"))
    assert "No line in the last 30 days holds this." in said


def test_where_lines_have_been_dropped_nobody_says_that_none_ever_held_a_text(
    filled: PostgresDatabase,
) -> None:
    with filled.transaction("test") as connection:
        connection.execute("insert into dailies.expired (before) values (now() - interval '20 days')")
    for window in ("30d", "all"):
        said = text_of(lines_found("Deployed by hand", window=window))
        assert "that is still kept holds this" in said
        assert "UTC have been dropped, but for those of videos that somebody may still act on." in said
    assert "dropped" not in text_of(lines_found("Deployed by hand", window="7d"))


def looked_for(text: str) -> AppTest:
    """Whatever follows when this is given to the search of every page."""
    return opened("environment").text_input(key="find").set_value(text).run()


@pytest.mark.parametrize("pasted", ["{}", "'{}',", "videoId: `{}`", "https://dailies.test/video?id={}"])
def test_a_pasted_id_leads_to_its_video_from_any_page(filled: Database, pasted: str) -> None:
    app = looked_for(pasted.format(WALTZ))
    assert not app.exception
    assert (app.title[0].value, app.query_params["id"]) == ("Video", WALTZ)


def test_what_is_no_id_is_searched_for_in_the_list_of_all_time_and_told(filled: Database) -> None:
    app = looked_for("no such thing,")
    assert not app.exception
    assert "No video has such an id or task" in app.toast[0].value
    assert (app.query_params["q"], app.query_params["window"]) == ("no such thing,", "all")
    assert "No video of all time holds this text" in text_of(app)
    assert not app.run().toast


def test_recover_says_of_how_many_its_figures_are(empty: Database) -> None:
    videos.import_videos(empty, [video(str(UUID(int=n)), "failed", n) for n in range(199)])
    assert "Of the newest" not in text_of(opened("recover"))
    videos.import_videos(empty, [video(str(UUID(int=999)), "failed", 999)])
    loaders.forget()
    assert "Of the newest 200 of each kind" in text_of(opened("recover"))


@pytest.mark.parametrize("query", [{"model": "gen9"}, {"model": "gen9", "q": "no such thing"}])
def test_a_filter_that_nothing_fits_says_so(filled: Database, query: dict[str, str]) -> None:
    said = text_of(opened("videos", **query))
    assert "No video fits these filters" in said
    assert "Take one away or choose a longer window." in said


def test_a_text_that_nothing_holds_says_so(filled: Database) -> None:
    said = text_of(opened("videos", q="no such thing"))
    assert "No video in the last 24 hours holds this text" in said
    assert "Choose a longer window, or search for a part of it." in said
    assert "fits these filters" not in said


def test_where_all_time_is_looked_at_no_longer_window_is_proposed(filled: Database) -> None:
    said = text_of(opened("videos", model="gen9", window="all"))
    assert "Take one away." in said
    assert "longer window" not in said
    said = text_of(opened("videos", q="no such thing", window="all"))
    assert "No video of all time holds this text" in said
    assert "longer window" not in said


def test_a_click_in_the_table_opens_the_video_that_was_drawn_there(filled: Database) -> None:
    app = opened("recover")
    app.session_state["opened-video"] = WALTZ
    app.run()
    assert not app.exception
    assert app.title[0].value == "Video"


def test_a_video_shows_its_verdict_before_anything_else(filled: Database) -> None:
    app = opened("video", id=WALTZ)
    assert app.header[0].value == "Task id not saved"
    assert any("Task created" in code.value for code in app.code)


def test_a_video_is_found_by_the_first_characters_of_its_id(filled: Database) -> None:
    assert opened("video", id=SALSA[:8]).header[0].value == "Out of credits"


@pytest.mark.parametrize(
    ("status", "changed", "judged", "moving"),
    [
        ("processing", "12:00", "12:01", True),
        ("succeeded", "12:00", None, True),
        ("succeeded", "12:02", "12:01", True),
        ("succeeded", "12:00", "12:01", False),
    ],
)
def test_a_page_is_followed_until_the_verdict_knows_the_end(
    status: str, changed: str, judged: str | None, moving: bool
) -> None:
    row: Any = {
        "video": video(WALTZ, status) | {"updated_at": f"2026-03-14T{changed}:00Z"},
        "verdict": {"judged_at": f"2026-03-14T{judged}:00Z"} if judged else None,
    }
    assert is_moving(row) is moving


def test_an_unknown_id_is_told_and_can_be_corrected(filled: Database) -> None:
    app = opened("video", id="ffffffff")
    assert "There is no such video" in text_of(app)
    assert app.text_input


def test_outside_text_is_never_interpreted(filled: Database) -> None:
    """It may stand in plain text, code and table cells, and nowhere else."""
    row = now_instead_of_noon(the_videos())[1] | {"prompt": HOSTILE, "error_message": HOSTILE}
    videos.import_videos(filled, [row])
    evidence = [{"source": "log", "at": None, "text": HOSTILE}]
    hostile = the_verdicts()[1] | {"deployment_id": HOSTILE, "flow": HOSTILE, "evidence": evidence}
    filled.call("dailies_save_verdicts", p_verdicts=[hostile])
    for app in (opened("video", id=WALTZ), *(opened(page) for page in PAGES)):
        interpreted = (app.markdown, app.caption, app.header, app.subheader, app.error, app.warning, app.info)
        labels = [element.value for kind in interpreted for element in kind]
        labels += [button.label for button in app.button] + [link.label for link in app.page_link]
        assert not [label for label in labels if "evil.test" in label and "](" in label]
        assert not [label for label in labels if "<script" in label or ":red[boo" in label]


def test_outside_text_in_the_list_of_videos_is_escaped(filled: Database) -> None:
    hostile = '"><img src=x onerror=alert(1)>'
    row = now_instead_of_noon(the_videos())[1] | {"prompt": hostile, "error_message": hostile}
    videos.import_videos(filled, [row])
    table = listed(opened("videos", column="prompt"))
    assert "&lt;img src=x" in table
    assert "<img" not in table


def test_a_search_fills_the_filters_it_names(filled: Database) -> None:
    app = opened("videos", q="status:failed cause:insufficient_credits credits")
    assert app.query_params["q"] == "credits"
    assert (app.query_params["status"], app.query_params["cause"]) == ("failed", "insufficient_credits")
    assert listed(app).count("<tr>") == 2
    assert "status:faild is unknown. Possible: failed" in text_of(opened("videos", q="status:faild"))


@pytest.mark.parametrize(
    "text",
    ['said "hello"  and', '"error":"Too many', 'ZYX "quote"', '"hello"  and', "and\tthen", "then\nZYX"],
)
def test_a_text_that_was_copied_out_of_a_row_finds_it(filled: Database, text: str) -> None:
    row = now_instead_of_noon(the_videos())[1] | {
        "prompt": 'She said "hello"  and\tthen\nZYX "quote"',
        "error_message": '{"error":"Too many requests"}',
    }
    videos.import_videos(filled, [row])
    for _ in range(2):
        assert listed(opened("videos", q=text)).count("<tr>") == 2
        judge_all(app_of(filled))
        loaders.forget()


def test_rows_that_hold_what_looks_like_a_filter_are_found_by_it(filled: Database) -> None:
    row = now_instead_of_noon(the_videos())[1] | {"prompt": "A swan, style:neon"}
    videos.import_videos(filled, [row])
    app = opened("videos", q="style:neon")
    assert listed(app).count("<tr>") == 2
    assert "There is no filter style:, so it is searched for as text." in text_of(app)


def test_a_page_does_not_run_without_the_entry_point(filled: Database) -> None:
    app = AppTest.from_file(str(ROOT / "pages" / "overview.py"), default_timeout=30).run()
    assert app.exception
    assert not app.title


@pytest.fixture(autouse=True)
def nothing_stays() -> Iterator[None]:
    yield
    provide(Dashboard(app_of()))


def test_outputs_are_played_from_allowed_hosts_only(empty: Database) -> None:
    hosts = ("dnznrvs05pmza.cloudfront.net", "elsewhere.example")
    made = [
        video(f"0000000{n}-0000-4000-8000-000000000000", "succeeded", video_url=f"https://{host}/out.mp4")
        for n, host in enumerate(hosts)
    ]
    videos.import_videos(empty, now_instead_of_noon(made))
    shown = opened("videos", outputs="yes", window="1h").get("video")
    assert [each.proto.url for each in shown] == [f"https://{hosts[0]}/out.mp4"]
    assert not opened("videos", window="1h").get("video")


@pytest.mark.usefixtures("filled")
def test_the_checks_of_the_environment_stand_as_they_were_found_last_with_code_as_code() -> None:
    page = opened("environment").run()
    (checks,) = [e.proto.body for e in page.get("html") if 'aria-label="Checks"' in e.proto.body]
    assert "<code>E201</code>" in checks
    assert "set it to <code>local</code>" in checks
    assert "`" not in checks


def test_what_was_found_of_a_database_that_has_failed_since_is_not_shown_any_more() -> None:
    board, now = Dashboard(app_of()), datetime.now(UTC)
    answered = [Check("E201", "Database", Level.OK, "It answers")]
    before, after = (now - timedelta(seconds=20), answered), (now + timedelta(seconds=20), answered)
    assert not is_disproved(before, board)
    board.outage.began(DatabaseUnavailable("gone"))
    assert is_disproved(before, board)
    assert not is_disproved(after, board)
    assert not is_disproved((before[0], [Check("E201", "Database", Level.ERROR, "It does not")]), board)
