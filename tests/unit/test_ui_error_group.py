"""What people say of a group of errors is said in their own name, by those who may."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from lib.data import videos
from lib.data.audit import trail
from lib.data.postgres import PostgresDatabase
from lib.domain.access import Claims, Person, Role
from lib.operations.access import Access
from lib.settings import Settings
from lib.ui.kit.dashboard import Dashboard, provide
from tests.apps import app_of
from tests.examples import SALSA, the_verdicts, the_videos, video
from tests.pages import opened, serve, text_of

GROUP = {
    "group": "You do not have enough credits to run this task.",
    "cause": "insufficient_credits",
    "stage": "none",
}


class Signed(Access):
    """Somebody has signed in."""

    def __init__(self, person: Person) -> None:
        super().__init__(Settings.model_validate({}))
        self._signed = person

    def person(self, claims: Claims | None) -> Person | None:
        return self._signed


@pytest.fixture
def db(postgres: PostgresDatabase) -> Iterator[PostgresDatabase]:
    videos.import_videos(postgres, the_videos())
    postgres.call("dailies_save_verdicts", p_verdicts=the_verdicts())
    yield postgres
    provide(Dashboard(app_of()))


def group_page(db: PostgresDatabase, person: Person) -> AppTest:
    serve(db, access=Signed(person))
    return opened("errors", **GROUP, window="all")


def test_the_audit_names_who_signed_in_and_keeps_no_secret_of_a_note(db: PostgresDatabase) -> None:
    app = group_page(db, Person("ben@studio.test", Role.OPERATOR))
    app.text_area[0].set_value("The key was key_" + "0123456789abcdef" * 8)
    app.button[-1].click().run()
    assert not app.exception
    (row,) = trail(db, action="error_group")
    assert row["operator"] == "ben@studio.test"
    assert row["after"]
    assert row["after"]["note"].startswith("The key was ")
    assert "0123456789abcdef" not in row["after"]["note"]


def test_a_group_is_assigned_to_somebody(db: PostgresDatabase) -> None:
    app = group_page(db, Person("ben@studio.test", Role.OPERATOR))
    next(field for field in app.text_input if field.label == "Assigned to").set_value("Ann <b>")
    app.button[-1].click().run()
    assert not app.exception
    said = "".join(str(each.proto.body) for each in app.get("html"))
    assert "assigned to <span" in said
    assert "Ann &lt;b&gt;</span>" in said


def test_a_user_of_a_group_leads_to_their_videos_in_it(db: PostgresDatabase) -> None:
    user = "8c54b97d-3df8-40d2-bfa0-f8104aefedd9"
    videos.import_videos(db, [video(SALSA, "failed", 2, user_id=user)])
    db.call("dailies_save_verdicts", p_verdicts=the_verdicts())
    app = group_page(db, Person("kim@studio.test", Role.VIEWER, "You may look."))
    (link,) = (each.proto for each in app.get("page_link") if user in each.proto.label)
    assert f"user={user}" in link.query_string
    assert "cause=insufficient_credits" in link.query_string


def test_who_may_only_look_cannot_save(db: PostgresDatabase) -> None:
    app = group_page(db, Person("kim@studio.test", Role.VIEWER, "You may look."))
    assert app.button[-1].label == "Save"
    assert app.button[-1].disabled


def test_a_group_without_videos_in_the_window_says_so_and_leads_to_all_time(db: PostgresDatabase) -> None:
    serve(db, access=Signed(Person("kim@studio.test", Role.VIEWER, "You may look.")))
    app = opened("errors", **GROUP, window="1h", until="2001-01-01T00:00")
    assert not app.exception
    assert "No video of it in the hour before" in text_of(app)
    (way,) = (each.proto for each in app.get("page_link") if each.proto.label == "Look at all time")
    assert "window=all" in way.query_string
    assert "group=" in way.query_string
    nobodys = opened("errors", group="nope", cause="x", stage="y", window="all")
    assert not nobodys.exception
    assert "No video of it of all time." in text_of(nobodys)
