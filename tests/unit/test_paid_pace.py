"""One person starts so many paid actions on pages within a minute, and no more."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from lib.app import App
from lib.data import audit
from lib.data.postgres import PostgresDatabase
from lib.domain.access import Person, Role
from lib.errors import TooFast
from lib.operations.generate import enqueue, generate
from tests.apps import app_of
from tests.simulated import REQUEST, Simulated, simulated

ANN = Person("ann", Role.OPERATOR)


@pytest.fixture
def runway(tmp_path: Path) -> Iterator[Simulated]:
    with simulated(tmp_path / "simulator") as running:
        yield running


@pytest.fixture
def app(postgres: PostgresDatabase, runway: Simulated, tmp_path: Path) -> App:
    return app_of(postgres, runway.client, tmp_path, paid_per_minute=3)


def test_more_is_refused_with_how_long_to_wait_and_pays_nothing(app: App, runway: Simulated) -> None:
    page = app.held_to(ANN)
    for _ in range(2):
        generate(page, REQUEST)
    enqueue(page, [REQUEST, REQUEST])
    for refused in (lambda: generate(page, REQUEST), lambda: enqueue(page, [REQUEST])):
        with pytest.raises(TooFast, match=r"ann had 3 paid actions .* Wait (5\d|60) s: nothing was paid\."):
            refused()
    assert runway.posts == 2
    refusals = audit.trail(app.db, None, action="refused_paid_action", limit=10)
    assert [row["operator"] for row in refusals] == ["ann"]  # once, however often somebody clicks on


def test_clicks_at_the_same_moment_are_counted_as_well(app: App, runway: Simulated) -> None:
    def click(_: int) -> bool:
        try:
            generate(app.held_to(ANN), REQUEST)
        except TooFast:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(click, range(8))) == 3
    assert runway.posts == 3


def test_others_the_command_line_and_a_minute_later_go_on(
    app: App, runway: Simulated, database_url: str
) -> None:
    page = app.held_to(ANN)
    for _ in range(3):
        generate(page, REQUEST)
    generate(app.held_to(Person("ben", Role.OPERATOR)), REQUEST)
    generate(app, REQUEST)  # a command
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("update dailies.paid_actions set at = at - interval '61 seconds'")
        generate(page, REQUEST)
        # a clock that was set back leaves nobody waiting
        connection.execute("update dailies.paid_actions set at = at + interval '1 day'")
    generate(page, REQUEST)
    assert runway.posts == 7
