"""The environment's checks: each names what is wrong and what to do, and never a value."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any, cast

import pytest
from pydantic import SecretStr

from lib.data.addresses import key_role
from lib.data.database import Row
from lib.data.overview import Incident
from lib.errors import DatabaseError, DatabaseUnavailable, RunwayError, SchemaMissing
from lib.operations.environment.settings import (
    Check,
    Level,
    check_database,
    check_production,
    check_runway,
    check_settings,
    variables,
)
from lib.runway.client import RunwayClient
from lib.runway.organization import Organization
from lib.settings import Settings
from tests.apps import app_of

GOOD_KEY = "key_" + "0123456789abcdef" * 8


def settings(**values: Any) -> Settings:
    return Settings.model_validate(values)


def found(**values: Any) -> dict[str, Check]:
    return {check.code: check for check in check_settings(settings(**values))}


def jwt(role: str) -> str:
    body = base64.urlsafe_b64encode(json.dumps({"role": role}).encode()).decode().rstrip("=")
    return f"eyJhbGciOiJIUzI1NiJ9.{body}.signature"


def test_without_an_account_nothing_is_wrong() -> None:
    levels = {check.level for check in check_settings(settings())}
    assert levels == {Level.OK, Level.NOTE}


def test_a_missing_key_is_said_with_what_to_do() -> None:
    check = found()["E101"]
    assert str(check).startswith("E101 RUNWAY_API_KEY is not set")
    assert " — To use Runway, set it" in str(check)


@pytest.mark.parametrize("key", ["key_123", "sk-abc", GOOD_KEY + "0", f'"{GOOD_KEY}"'])
def test_a_key_of_the_wrong_shape_is_an_error_that_does_not_show_it(key: str) -> None:
    check = found(runway_api_key=SecretStr(key))["E102"]
    assert check.level is Level.ERROR
    assert key not in str(check)


def test_a_key_of_the_right_shape_is_in_order() -> None:
    assert found(runway_api_key=SecretStr(GOOD_KEY))["E101"].level is Level.OK


def test_an_unknown_model_is_an_error_that_names_the_known_ones() -> None:
    check = found(runway_model="gen3")["E103"]
    assert check.level is Level.ERROR
    assert "gen4_turbo" in check.todo


@pytest.mark.parametrize(
    ("address", "codes"),
    [
        ("https://api.dev.runwayml.com", {"E104": Level.OK}),
        ("http://127.0.0.1:9000", {"E104": Level.OK}),
        ("https://api.runwayml.com/v1", {"E104": Level.ERROR, "E107": Level.WARNING}),
        ("https://api.dev.runwayml.com/v1/", {"E107": Level.WARNING}),
        ("http://api.dev.runwayml.com", {"E105": Level.ERROR}),
        ("https://proxy.example.com", {"E106": Level.WARNING}),
    ],
)
def test_each_way_to_get_the_address_wrong_has_its_code(address: str, codes: dict[str, Level]) -> None:
    checks = found(runway_base_url=address)
    addresses = {code: check.level for code, check in checks.items() if check.subject == "RUNWAY_BASE_URL"}
    assert addresses == codes


@pytest.mark.parametrize(
    ("values", "code", "level"),
    [
        ({"database_url": SecretStr("postgresql://u:p@h/d")}, "E110", Level.OK),
        ({}, "E111", Level.NOTE),
        ({"supabase_key": SecretStr("sb_secret_x")}, "E112", Level.ERROR),
        ({"supabase_url": "project"}, "E113", Level.ERROR),
        ({"supabase_url": "https://p.supabase.co"}, "E114", Level.ERROR),
        (
            {"supabase_key": SecretStr(jwt("anon")), "supabase_url": "https://p.supabase.co"},
            "E115",
            Level.ERROR,
        ),
        ({"supabase_key": SecretStr(jwt("service_role")), "supabase_url": "https://p.co"}, "E114", Level.OK),
        ({"flows_dir": Path("/nowhere")}, "E120", Level.ERROR),
    ],
)
def test_each_state_of_the_database_settings_has_its_code(
    values: dict[str, Any], code: str, level: Level
) -> None:
    assert found(**values)[code].level is level


@pytest.mark.parametrize(
    ("key", "role"),
    [
        ("sb_secret_abc", "service_role"),
        ("sb_publishable_abc", "publishable"),
        (jwt("anon"), "anon"),
        ("nonsense", "unknown"),
        ("a.b.c", "unknown"),
    ],
)
def test_the_role_of_a_supabase_key_is_read_from_its_shape(key: str, role: str) -> None:
    assert key_role(key) == role


@pytest.mark.parametrize(
    ("outputs", "level"), [(None, Level.NOTE), ("local", Level.OK), ("films", Level.ERROR)]
)
def test_a_bucket_without_supabase_is_an_error(outputs: str | None, level: Level) -> None:
    assert found(outputs=outputs)["E121"].level is level


def test_variables_say_set_or_not_and_nothing_else() -> None:
    listed = dict(variables(settings(runway_api_key=SecretStr(GOOD_KEY))))
    assert listed["RUNWAY_API_KEY or RUNWAYML_API_SECRET"] is True
    assert listed["DATABASE_URL or POSTGRES_URL_NON_POOLING or POSTGRES_URL"] is False
    assert GOOD_KEY not in str(listed)


MAPPING: Row = {
    "relation": "public.clips",
    "words": [{"word": "done", "status": "succeeded", "n": 9}],
    "others": {},
    "unsaid": 0,
    "left_out": 0,
    "required": [],
    "row_security": False,
}


class OneAnswer:
    """A database that answers one row, or fails."""

    label = "Postgres test"

    def __init__(self, answer: Row | DatabaseError) -> None:
        self.answer = answer

    def call(self, function: str, /, **arguments: Any) -> list[Row]:
        if isinstance(self.answer, DatabaseError):
            raise self.answer
        return [] if function == "dailies_strangers" else [self.answer]

    def close(self) -> None: ...


def test_a_complete_schema_is_in_order() -> None:
    checks = check_database(app_of(OneAnswer({"version": "1", "missing": []} | MAPPING)))
    assert [(check.code, check.level) for check in checks] == [
        ("E201", Level.OK),
        ("E202", Level.OK),
        ("E204", Level.OK),
        ("E207", Level.OK),
    ]


def test_what_of_the_apps_table_is_not_judged_is_named() -> None:
    row = {
        "words": [{"word": "draft", "status": "draft", "n": 1200}],
        "others": {"kling": 4},
        "unsaid": 0,
        "required": [{"name": "user_id"}],
        "row_security": True,
    }
    checks = check_database(app_of(OneAnswer({"version": "1", "missing": []} | MAPPING | row)))[2:]
    told = {check.code: str(check) for check in checks}
    assert "Row security hides rows of public.clips" in told["E203"]
    assert "'draft' (1,200 rows)" in told["E204"]
    assert "kling 4" in told["E205"]
    assert "needs user_id" in told["E206"]


def test_missing_parts_of_the_schema_are_named_with_the_command_that_adds_them() -> None:
    check = check_database(app_of(OneAnswer({"version": None, "missing": ["videos.prompt"]})))[1]
    assert "videos.prompt" in check.found
    assert "python -m lib migrate" in check.todo


def test_a_database_without_dailies_answers_and_lacks_the_schema() -> None:
    reachable, schema = check_database(app_of(OneAnswer(SchemaMissing("Run `python -m lib migrate`."))))
    assert (reachable.code, reachable.level) == ("E201", Level.OK)
    assert (schema.code, schema.level, schema.todo) == ("E202", Level.ERROR, "Run `python -m lib migrate`.")


def test_a_database_that_is_down_is_one_check_and_no_crash() -> None:
    (check,) = check_database(app_of(OneAnswer(DatabaseUnavailable("Nobody listens on port 5432."))))
    assert (check.code, check.level) == ("E201", Level.ERROR)
    assert check.todo.endswith("Nobody listens on port 5432.")


class Runway:
    def __init__(self, answer: int | RunwayError) -> None:
        self.answer = answer
        self.client = cast(RunwayClient, self)

    def organization(self) -> Organization:
        if isinstance(self.answer, RunwayError):
            raise self.answer
        return Organization(self.answer, models={})


@pytest.mark.parametrize(
    ("balance", "code", "level"),
    [(10_000, "E303", Level.OK), (100, "E304", Level.WARNING), (3, "E303", Level.ERROR)],
)
def test_credits_are_compared_with_the_price_of_a_video(balance: int, code: str, level: Level) -> None:
    check = check_runway(app_of(runway=Runway(balance).client))[1]
    assert (check.code, check.level) == (code, level)


@pytest.mark.parametrize(("cause", "code"), [("unauthorized", "E302"), ("runway_unreachable", "E301")])
def test_a_refused_key_and_a_silent_runway_are_told_apart(cause: str, code: str) -> None:
    (check,) = check_runway(app_of(runway=Runway(RunwayError("no", cause=cause)).client))
    assert (check.code, check.level) == (code, Level.ERROR)


def test_the_production_apps_own_logs_are_evidence_too() -> None:
    incident = Incident(
        cause="missing_api_key",
        deployment_id="dpl_one",
        n=7,
        videos=7,
        first_at="",
        last_at="2026-03-14T12:09:30+00:00",
        first_video_id="",
    )
    (check,) = check_production([incident], has_logs=True)
    assert str(check).startswith(
        "E401 dpl_one lacks RUNWAY_API_KEY: it hit 7 of 7 videos until 2026-03-14T12:09"
    )
    assert check_production([], has_logs=True)[0].level is Level.OK


def test_logs_that_were_not_read_are_not_called_fine() -> None:
    (check,) = check_production([], has_logs=False)
    assert check.level is Level.NOTE
    assert "No logs of it" in check.found
