"""An incident's page answers what changed when it began."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest

from lib.data import overview as health
from lib.data import videos
from lib.data.overview import IncidentDetails
from lib.data.postgres import PostgresDatabase
from lib.ui.kit.dashboard import Dashboard, provide
from lib.ui.views.incident import address_of, what_changed
from tests.apps import app_of
from tests.examples import NOON, at, verdict, video
from tests.pages import opened, serve, text_of


def details(**values: Any) -> IncidentDetails:
    row = {
        "deployment_id": "dpl_new",
        "first_at": at(5),
        "deployment_at": at(4),
        "cause_before_at": None,
        "clean_videos": 40,
        "previous_deployment_id": "dpl_old",
        "previous_videos": 50,
        "previous_failed": 1,
        "hour_videos": 10,
        "hour_failed": 2,
    }
    return cast("IncidentDetails", row | values)


def test_what_begins_with_a_deployment_came_with_it() -> None:
    said = what_changed(details(), NOON)
    assert said.startswith("the deployment. `dpl_new` took over from `dpl_old` at 12:04")
    assert "of the last 50 videos of that, 1 (2%) were in trouble" in said


def test_what_begins_in_the_middle_of_a_deployment_has_another_reason() -> None:
    said = what_changed(details(deployment_at=at(-600)), NOON)
    assert said.startswith("not the deployment. `dpl_new` had served for 10 h without it")
    assert "in the hour before, 2 (20%) of 10 videos were in trouble" in said


def test_a_deployment_that_had_met_it_before_is_not_said_to_have_served_without_it() -> None:
    said = what_changed(details(deployment_at=at(-600), cause_before_at=at(-420)), NOON)
    assert "`dpl_new` had met it before, last at 05:00: 40 videos since; in the hour before" in said


@pytest.mark.parametrize(
    "unknown", [{"deployment_id": None, "deployment_at": None}, {"previous_deployment_id": None}]
)
def test_where_deployments_are_not_known_nothing_is_made_up(unknown: Any) -> None:
    assert what_changed(details(**unknown), NOON).startswith("unknown")


@pytest.fixture
def db(postgres: PostgresDatabase) -> Iterator[PostgresDatabase]:
    """Three videos of a deployment without its key, after one that went well in the deployment before."""
    ids = [f"aaaaaaaa-0000-4000-8000-00000000000{n}" for n in range(4)]
    rows = [video(ids[0], "succeeded", -9), *(video(one, "failed", n) for n, one in enumerate(ids[1:]))]
    videos.import_videos(postgres, [row | {"error_message": "No [key](http://evil)"} for row in rows])
    good = verdict(ids[0], "succeeded", deployment_id="dpl_old")
    bad = [verdict(one, "missing_api_key", deployment_id="dpl_new") for one in ids[1:]]
    postgres.call("dailies_save_verdicts", p_verdicts=[good, *bad])
    serve(postgres)
    yield postgres
    provide(Dashboard(app_of()))


def test_an_incident_is_opened_by_its_address(db: PostgresDatabase) -> None:
    (row,) = health.incidents(db, NOON, NOON.replace(hour=13))
    app = opened("incident", **address_of(row))
    said = text_of(app)
    assert app.header[0].value == "API key missing"
    assert "**3 of 3 videos** of `dpl_new` between" in said
    assert "took over from `dpl_old`" in said
    assert "Set RUNWAY_API_KEY in Vercel" in said
    assert "No [key](http://evil)" in [code.value for code in app.code]


def test_its_videos_and_no_others_are_one_click_away(db: PostgresDatabase) -> None:
    (row,) = health.incidents(db, NOON, NOON.replace(hour=13))
    link = opened("incident", **address_of(row)).get("page_link")[0].proto
    assert link.query_string == (
        "cause=missing_api_key&deployment=dpl_new&window=3m&until=2026-03-14T12%3A03"
    )


def test_of_a_killed_function_it_says_what_to_change_in_the_app(db: PostgresDatabase) -> None:
    ids = [f"bbbbbbbb-0000-4000-8000-00000000000{n}" for n in range(3)]
    videos.import_videos(db, [video(one, "processing", n) for n, one in enumerate(ids)])
    killed = [verdict(one, "function_terminated", deployment_id="dpl_new", stuck=True) for one in ids]
    db.call("dailies_save_verdicts", p_verdicts=killed)
    found = {row["cause"]: row for row in health.incidents(db, NOON, NOON.replace(hour=13))}
    said = text_of(opened("incident", **address_of(found["function_terminated"])))
    (todo,) = [line for line in said.splitlines() if "What to do" in line]
    assert "In the production app: await Runway's answer and save the id before you answer" in todo
    assert "waitUntil" in todo
    assert "maxDuration" in todo


@pytest.mark.usefixtures("db")
def test_an_incident_that_is_over_and_repaired_says_so() -> None:
    app = opened("incident", id="unauthorized@dpl_new@2026-03-14T12:00:00Z")
    assert "There is no such incident any more" in text_of(app)


@pytest.mark.usefixtures("db")
def test_without_an_address_it_leads_to_the_overview() -> None:
    assert "No incident is named" in text_of(opened("incident"))
