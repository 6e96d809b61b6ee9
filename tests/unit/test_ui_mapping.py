"""What the app calls things, corrected on the pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from streamlit.testing.v1 import AppTest

from lib.data import audit, mapping
from lib.data.postgres import PostgresDatabase
from lib.ui.kit.dashboard import Dashboard, provide
from lib.ui.views.environment import latest_query
from tests.apps import app_of
from tests.pages import opened, serve, text_of
from tests.simulated import simulated

ROWS = """
insert into public.videos (status, video_url) values
    ('finito', 'https://films.example.net/1.mp4'), ('finito', 'https://films.example.net/2.mp4'),
    ('sketch', null)
"""


@pytest.fixture
def db(own_database_url: str) -> Iterator[PostgresDatabase]:
    with psycopg.connect(own_database_url) as connection:
        connection.execute(ROWS)
    database = PostgresDatabase(own_database_url, label="test")
    serve(database)
    yield database
    database.close()


def button(page: AppTest, label: str) -> bool:
    """Whether it is there and was clicked."""
    found = [each for each in page.button if each.label == label]
    if found:
        found[0].click().run()
        assert not page.exception, page.exception[0].message
    return bool(found)


@pytest.mark.parametrize("name", ["overview", "environment"])
def test_a_word_that_nobody_has_mapped_is_named_and_mapped_by_one_click(
    db: PostgresDatabase, name: str
) -> None:
    page = opened(name)
    said = text_of(page)
    assert "3 videos with a status that nobody has mapped" in said
    assert "finito: 2 videos" in said
    assert "sketch: 1 video" in said
    assert button(page, "Map it as succeeded")
    assert "finito" not in text_of(opened("overview"))
    assert mapping.unmapped(db) == [("sketch", 1, None)]
    assert len(audit.trail(db, action="map")) == 1


def test_the_mapping_is_corrected_on_the_page_environment(db: PostgresDatabase) -> None:
    page = with_form()
    page.selectbox(key="word-sketch-unmapped").select("queued").run()
    page.selectbox(key="column-prompt-prompt").select("dance_style").run()
    assert button(page, "Apply")
    now = mapping.mapped(db)["mapping"]
    assert now["columns"]["prompt"] == "dance_style"
    assert now["statuses"]["queued"] == ["sketch", "queued"]
    assert now["columns"]["id"] == "id"


def test_what_cannot_be_used_is_said_and_changes_nothing(db: PostgresDatabase) -> None:
    page = with_form()
    page.selectbox(key="column-created_at-created_at").select("prompt").run()
    assert button(page, "Apply")
    assert "public.videos.prompt is text" in text_of(page)
    assert mapping.mapped(db)["mapping"]["columns"]["created_at"] == "created_at"


def with_form() -> AppTest:
    """The page Environment with the form of the mapping open."""
    page = opened("environment")
    page.session_state["mapping"] = True
    return page.run()


PEOPLE = """
create table public.people (id uuid primary key default gen_random_uuid(), email text);
insert into public.people (email) values ('ada@example.org'), ('bob@example.org');
create type public.plan as enum ('free', 'paid');
alter table public.videos add constraint of_a_person foreign key (user_id) references public.people (id);
alter table public.videos add column plan public.plan not null, add column tags text[] not null;
alter table public.videos alter column user_id set not null;
"""


def test_what_a_new_row_needs_is_asked_for_and_tried_before_anything_is_paid(
    db: PostgresDatabase, own_database_url: str, tmp_path: Path
) -> None:
    with psycopg.connect(own_database_url) as connection:
        connection.execute("truncate public.videos")
        connection.execute(PEOPLE)
    with simulated(tmp_path) as runway:
        provide(Dashboard(app_of(db, runway.client, runway_api_key="key_of_real_money")))
        page = opened("generate")
        assert "A new row needs what only you know" in text_of(page)
        assert next(each for each in page.button if each.label == "Generate …").disabled
        assert next(each for each in page.button if each.label == "Keep for every sample").disabled
        page.text_input(key="find-user_id").input("ADA@").run()
        (ada,) = page.selectbox(key="need-user_id").options
        assert ada.startswith("ada@example.org · ")
        page.selectbox(key="need-user_id").select_index(0)
        page.selectbox(key="need-plan").select("free")
        page.text_input(key="need-tags").input('["sample"]').run()
        assert button(page, "Keep for every sample")
        assert "A new row needs" not in text_of(page)
        fixed = mapping.mapped(db)["mapping"]["fixed"]
        assert (fixed["plan"], fixed["tags"], ada.endswith(fixed["user_id"])) == ("free", ["sample"], True)
        assert mapping.refused_sample(db) is None
        assert button(page, "Generate …")
        assert not next(each for each in page.button if each.label == "Generate now").disabled
        with psycopg.connect(own_database_url) as connection:
            connection.execute("alter table public.videos add constraint none_of_ours check (plan <> 'free')")
        assert button(page, "Generate …")
        assert "none_of_ours" in text_of(page)
        assert next(each for each in page.button if each.label == "Generate now").disabled
        assert runway.posts == 0


def test_a_fixed_value_is_corrected_or_given_up_on_the_page_environment(db: PostgresDatabase) -> None:
    mapping.remap(db, {"fixed": {"dance_style": "tango", "provider": "runway"}}, "eve")
    page = with_form()
    page.text_input(key="fixed-dance_style").input("samba")
    page.text_input(key="fixed-provider").input("").run()
    assert button(page, "Apply")
    assert mapping.mapped(db)["mapping"]["fixed"] == {"dance_style": "samba"}


def test_nothing_is_said_where_every_word_is_known(postgres: PostgresDatabase) -> None:
    serve(postgres)
    assert "nobody has mapped" not in text_of(opened("overview"))


def test_the_query_of_the_latest_videos_is_in_the_apps_own_names(postgres: PostgresDatabase) -> None:
    serve(postgres)
    assert any(code.value.splitlines()[1] == "FROM videos" for code in opened("environment").code)
    columns = {"id": "FilmNr", "status": "zustand", "created_at": 'Erstellt"am', "prompt": "text"}
    assert latest_query('studio."Filme"', columns).splitlines() == [
        'SELECT "FilmNr", zustand, "Erstellt""am"',
        'FROM studio."Filme"',
        'ORDER BY "Erstellt""am" DESC',
        "LIMIT 5;",
    ]
