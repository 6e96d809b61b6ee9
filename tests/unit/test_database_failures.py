"""Every way a database says no becomes one of our errors, with what to do."""

from __future__ import annotations

import httpx
import pytest

from lib.data.database import storable
from lib.data.failures import database_failure
from lib.data.postgres import PostgresDatabase
from lib.data.supabase import SupabaseDatabase
from lib.data.videos import import_videos
from lib.errors import (
    BadInput,
    DailiesError,
    DatabaseConflict,
    DatabaseError,
    DatabaseUnavailable,
    NotFound,
    SchemaMissing,
)
from tests.examples import the_videos


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (None, DatabaseUnavailable),
        ("PT400", BadInput),
        ("PT404", NotFound),
        ("PT409", DatabaseConflict),
        ("08006", DatabaseUnavailable),
        ("22P02", BadInput),
        ("23505", DatabaseConflict),
        ("28P01", DatabaseUnavailable),
        ("40P01", DatabaseConflict),
        ("42501", DatabaseError),
        ("42601", DatabaseError),
        ("42883", SchemaMissing),
        ("53300", DatabaseUnavailable),
        ("57014", DatabaseError),
        ("57P03", DatabaseUnavailable),
        ("503", DatabaseUnavailable),
        ("PGRST000", DatabaseUnavailable),
        ("PGRST202", SchemaMissing),
        ("PGRST301", DatabaseUnavailable),
        ("", DatabaseError),
    ],
)
def test_a_code_becomes_the_error_that_says_what_kind_it_is(code: str | None, kind: type[Exception]) -> None:
    assert type(database_failure(code, "words", "dailies_x")) is kind


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("42501", "service role key"),
        ("57014", "Narrow the time window"),
        ("PGRST301", "SUPABASE_SERVICE_ROLE_KEY"),
        ("42P01", "python -m lib migrate"),
    ],
)
def test_what_a_person_can_do_stands_in_the_message(code: str, advice: str) -> None:
    assert advice in str(database_failure(code, "words", "dailies_x"))


def test_only_our_own_hints_are_passed_on() -> None:
    assert str(database_failure("PT409", "No.", "f", hint="Do that.")) == "No. Do that."
    assert str(database_failure("22P02", "No.", "f", hint="Add explicit type casts.")) == "No."


def test_what_the_database_said_besides_is_noted_for_whoever_looks_into_it() -> None:
    error = database_failure("23514", "No.", "dailies_x", hint="Add a row.", where="dailies.write_row line 7")
    assert error.__notes__ == ["23514 in dailies_x; hint: Add a row.; at dailies.write_row line 7"]
    assert not hasattr(database_failure("PT409", "No.", "dailies_x"), "__notes__")


def test_the_function_that_refused_is_told_and_not_the_statement(postgres: PostgresDatabase) -> None:
    import_videos(postgres, the_videos())  # a table without rows is nothing to compare an id with
    with pytest.raises(DailiesError) as caught:
        postgres.call("dailies_save_verdicts", p_verdicts=[{"video_id": "no uuid at all"}])
    (note,) = caught.value.__notes__
    assert note.startswith("22P02 in dailies_save_verdicts")
    assert "at dailies_save_verdicts" in note or "at public.dailies_save_verdicts" in note
    assert "insert into" not in note


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (
            401,
            {"message": "Invalid API key", "hint": "Double check it."},
            DatabaseUnavailable,
            "refused the key",
        ),
        (503, "<html>upstream down</html>", DatabaseUnavailable, "project is paused"),
        (500, {"message": "broken", "code": "XX000", "hint": None, "details": None}, DatabaseError, "broken"),
    ],
)
def test_a_gateway_that_answers_instead_of_the_database_is_understood(
    status: int, body: object, kind: type[Exception], words: str
) -> None:
    content = {"json": body} if isinstance(body, dict) else {"text": str(body)}
    transport = httpx.MockTransport(lambda _: httpx.Response(status, **content))
    database = SupabaseDatabase("https://abcd.supabase.co", "sb_secret_hunter2", transport=transport)
    with pytest.raises(kind, match=words) as caught:
        database.call("dailies_schema")
    assert "hunter2" not in str(caught.value)
    database.close()


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("a\x00b", "ab"),
        ("\x00\x00", ""),
        ("\\u0000", "\\u0000"),
        ("\\\x00", "\\"),
        ("\\\\\x00x", "\\\\x"),
        ("plain", "plain"),
    ],
)
def test_the_character_that_postgres_cannot_hold_is_left_out_and_no_other(given: str, stored: str) -> None:
    assert storable({"p": [{"deep": given}]}) == {"p": [{"deep": stored}]}
