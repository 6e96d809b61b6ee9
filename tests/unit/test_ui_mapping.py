"""What the app calls things, corrected on the pages."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from streamlit.testing.v1 import AppTest

from lib.data import audit, mapping
from lib.data.postgres import PostgresDatabase
from tests.pages import opened, serve, text_of

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
    page = opened("environment")
    page.selectbox(key="word-sketch-unmapped").select("queued").run()
    page.selectbox(key="column-prompt-prompt").select("dance_style").run()
    assert button(page, "Apply")
    now = mapping.mapped(db)["mapping"]
    assert now["columns"]["prompt"] == "dance_style"
    assert now["statuses"]["queued"] == ["sketch", "queued"]
    assert now["columns"]["id"] == "id"


def test_what_cannot_be_used_is_said_and_changes_nothing(db: PostgresDatabase) -> None:
    page = opened("environment")
    page.selectbox(key="column-created_at-created_at").select("prompt").run()
    assert button(page, "Apply")
    assert "public.videos.prompt is text" in text_of(page)
    assert mapping.mapped(db)["mapping"]["columns"]["created_at"] == "created_at"


def test_nothing_is_said_where_every_word_is_known(postgres: PostgresDatabase) -> None:
    serve(postgres)
    assert "nobody has mapped" not in text_of(opened("overview"))
