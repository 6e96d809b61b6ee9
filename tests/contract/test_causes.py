"""What a cause means is one row, in Python and in SQL alike."""

from __future__ import annotations

import psycopg

from lib.domain.cause import CAUSES, Trait

FLAGS = ("created_nothing", "before_call", "transient", "hits_all", "incident")


def test_sql_knows_the_flags_of_every_cause(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        rows = connection.execute(f"select key, side, {', '.join(FLAGS)} from dailies.causes").fetchall()
    stored = {key: (side, *flags) for key, side, *flags in rows}
    meant = {
        cause.key: (str(cause.side), *(Trait[flag.upper()] in cause.traits for flag in FLAGS))
        for cause in CAUSES.values()
    }
    assert stored == meant


def test_the_page_of_any_incident_says_what_to_do_not_that_somebody_has_to_decide() -> None:
    met = [cause for cause in CAUSES.values() if Trait.INCIDENT in cause.traits]
    assert [cause.key for cause in met if not cause.remedy] == []


def test_what_a_cause_says_is_free_of_marks_as_it_is_shown_as_text() -> None:
    marked = [cause.key for cause in CAUSES.values() if set("`*[]<>") & set(cause.explanation + cause.remedy)]
    assert marked == []
