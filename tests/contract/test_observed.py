"""Up to when everything is known that was logged behind a video's last line: what a proof rests on."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime
from uuid import uuid4

import pytest

from bench.queries import Question, reads
from lib.data import logs, videos
from lib.data.database import Database
from lib.data.postgres import PostgresDatabase
from lib.data.verdicts import dossier_rows
from lib.domain.video import parse_time
from lib.logs.report import EXPORTED
from tests.examples import TANGO, at, entry

LINE = f"[Video Generation] Starting video generation for video {TANGO}"


def observed(db: Database) -> datetime | None:
    return parse_time(dossier_rows(db, [TANGO])[0]["observed_until"])


def moment(minutes: float) -> datetime:
    return datetime.fromisoformat(at(minutes))


def imported(
    db: Database,
    first: float,
    last: float,
    *lines: dict[str, object],
    repeated: int = 0,
    format_: str = "drain",
    deployment: str = "dpl_1",
) -> None:
    report: dict[str, object] = {"first_at": at(first), "last_at": at(last), "already_stored": repeated}
    report |= {"format": format_, "deployments": [deployment]}
    db.call("dailies_add_logs", p_import={"id": str(uuid4()), "report": report}, p_entries=list(lines))


@pytest.fixture
def known(db: Database) -> Database:
    videos.import_videos(db, [{"id": TANGO, "status": "processing", "created_at": at(0)}])
    return db


def the_line() -> dict[str, object]:
    return entry(LINE, 1, "req-1", video_id=TANGO, deployment_id="dpl_1")


def test_nothing_is_known_without_a_line(known: Database) -> None:
    assert observed(known) is None


def test_an_export_knows_up_to_its_end(known: Database) -> None:
    imported(known, 0, 30, the_line())
    assert observed(known) == moment(30)


def test_what_another_tool_gives_out_knows_nothing_of_lines_that_are_not_in_it(known: Database) -> None:
    imported(known, 0, 30, the_line(), format_=EXPORTED)
    assert observed(known) is None
    imported(known, 0, 20, repeated=1)
    assert observed(known) == moment(20)


def test_the_longest_export_that_covers_the_moment_counts_and_no_other(known: Database) -> None:
    imported(known, 0, 1.5, the_line())
    imported(known, 10, 60, repeated=1)
    assert observed(known) == moment(1.5)
    imported(known, 0, 40, the_line(), repeated=1)
    assert observed(known) == moment(40)


def test_an_export_of_other_things_says_nothing_though_it_covers_the_moment(known: Database) -> None:
    imported(known, 0, 1.5, the_line())
    imported(known, 0, 40, entry("[shop] ok", 30, "req-2"))
    assert observed(known) == moment(1.5)


def test_an_export_of_another_project_says_nothing_though_it_was_there_before(known: Database) -> None:
    imported(known, 0, 1.5, the_line())
    for _ in range(2):
        imported(known, 0, 40, entry("[shop] ok", 30, "req-2"), repeated=1, deployment="dpl_shop")
    assert observed(known) == moment(1.5)


def test_where_a_file_was_cut_within_a_millisecond_nobody_knows_the_order_of_its_lines(
    known: Database,
) -> None:
    imported(known, 0, 40, entry("submitted to the provider", 1, "req-1", deployment_id="dpl_1"))
    imported(known, 0, 40, the_line(), entry("[health] ok", 1, "req-2", deployment_id="dpl_1"))
    assert observed(known) is None


def test_lines_of_a_millisecond_that_one_file_brought_are_in_its_order(known: Database) -> None:
    imported(known, 0, 40, the_line(), entry("checked", 1, "req-1", deployment_id="dpl_1"))
    assert observed(known) == moment(40)


def test_where_lines_are_left_out_nothing_follows_from_what_is_not_there(known: Database) -> None:
    checks = [entry(f"Checking {n}", 2 + n / 1000, "req-1") for n in range(1_998)]
    imported(known, 0, 60, the_line(), *checks)
    assert observed(known) == moment(60)
    imported(known, 0, 60, entry("Checking again", 5, "req-1"), repeated=1)
    assert observed(known) is None


def test_a_sample_which_no_import_brings_is_whole_up_to_its_last_line(known: Database) -> None:
    known.call("dailies_add_logs", p_entries=[the_line()])
    assert observed(known) == parse_time(str(the_line()["at"]))
    known.call("dailies_add_logs", p_entries=[entry("[health] ok", 25, "req-2")])
    assert observed(known) == moment(25)


def test_a_sample_says_nothing_of_what_a_file_brought(known: Database) -> None:
    imported(known, 0, 1.5, the_line())
    known.call("dailies_add_logs", p_entries=[entry("[health] ok", 25, "req-2")])
    assert observed(known) == moment(1.5)


def test_where_a_sample_ended_is_looked_up_once_for_many_videos_though_files_have_brought_more_since(
    own_database_url: str,  # in one used again an index still holds the rows that tests before have deleted
) -> None:
    ids = [str(uuid4()) for _ in range(20)]
    with closing(PostgresDatabase(own_database_url, label="test")) as db:
        videos.import_videos(db, [{"id": each, "status": "processing", "created_at": at(0)} for each in ids])
        db.call(
            "dailies_add_logs",
            # half an hour after the rows, where no plan looks for lines of nobody's task
            p_entries=[entry(f"Starting {each}", 30, f"req-{each}", video_id=each) for each in ids],
        )
        imported(db, 60, 90, *(entry(f"[health] ok {n}", 60 + n / 10, f"req-{n}") for n in range(300)))
        with db.session("test") as connection:
            read = reads(connection, Question("", "dailies_dossiers", {"p_ids": ids}))
        assert {row["observed_until"] for row in dossier_rows(db, ids)} == {at(30)}
    assert sum(each.rows for each in read if each.by == "log_entries_time") < 400


def test_a_drain_may_lose_a_delivery_so_nothing_follows_from_what_it_did_not_bring(known: Database) -> None:
    for line in (the_line(), entry("[health] ok", 25, "req-2")):
        known.call("dailies_add_logs", p_import={"id": str(uuid4()), "name": "Log drain"}, p_entries=[line])
    assert observed(known) is None


def test_what_dailies_logs_itself_is_no_log_of_the_app(known: Database) -> None:
    own = entry("[Runway API] Task created", 25, "dailies-1", deployment_id="dailies")
    known.call("dailies_add_logs", p_entries=[the_line(), own])
    assert observed(known) == parse_time(str(the_line()["at"]))


def test_a_pull_knows_up_to_where_it_read_unless_a_gap_lies_between(known: Database) -> None:
    imported(known, 0, 1.5, the_line())
    logs.save_log_source(known, "vercel prj_1", moment(0), moment(45), deployments=["dpl_1"])
    assert observed(known) == moment(45)
    logs.save_log_source(
        known, "vercel prj_1", moment(40), moment(50), (moment(10), moment(20)), deployments=["dpl_1"]
    )
    assert observed(known) == moment(1.5)


def test_a_pull_says_nothing_of_what_a_second_project_logged(known: Database) -> None:
    imported(known, 0, 1.5, the_line())
    logs.save_log_source(known, "vercel prj_web", moment(0), moment(45), deployments=["dpl_web"])
    assert observed(known) == moment(1.5)
    logs.save_log_source(known, "vercel prj_1", moment(0), moment(20), deployments=["dpl_1"])
    logs.save_log_source(known, "vercel prj_1", moment(20), moment(30), deployments=["dpl_2"])
    assert observed(known) == moment(30)


def test_a_pull_says_nothing_of_before_it_began_nor_of_what_it_left_out(known: Database) -> None:
    imported(known, 0, 1.5, the_line())
    logs.save_log_source(known, "vercel prj_1", moment(20), moment(45), deployments=["dpl_1"])
    assert observed(known) == moment(1.5)
    logs.save_log_source(known, "vercel prj_2", moment(0), moment(30), deployments=["dpl_1"])
    logs.save_log_source(known, "vercel prj_2", moment(25), moment(45), deployments=["dpl_1"])
    assert observed(known) == moment(45)
    logs.save_log_source(known, "vercel prj_2", moment(50), moment(60), deployments=["dpl_1"])
    assert observed(known) == moment(1.5)
