"""Who may do what: roles from what an identity provider verified, the end of a sign-in, and the database that
holds everybody to their role."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from lib.data.limited import FOR_ADMINS, Limited
from lib.data.postgres import PostgresDatabase
from lib.domain.access import Person, Role, role_of, sign_in_id
from lib.errors import NotAllowed, SettingsError
from lib.operations.access import Access, check_sign_in
from lib.settings import Settings

MEMBERS = {
    Role.ADMIN: ["zoe@studio.test"],
    Role.OPERATOR: ["group:night-shift", "max@studio.test"],
    Role.VIEWER: ["@studio.test"],
}
AUTH = {
    "client_id": "dailies",
    "client_secret": "s3cret",
    "cookie_secret": "c" * 32,
    "server_metadata_url": "https://login.test/.well-known/openid-configuration",
}


def claims(email: str | None = None, verified: Any = True, **more: Any) -> dict[str, Any]:
    return {"iss": "https://login.test", "sub": "u1", "email": email, "email_verified": verified, **more}


def settings(folder: Path | None = None, **values: Any) -> Settings:
    where = {"data_dir": folder} if folder else {}
    return Settings.model_validate({"operator": "who-started-it", **where, **values})


def signing_in(folder: Path, **values: Any) -> Settings:
    return settings(folder, auth=AUTH, admins="zoe@studio.test", viewers="@studio.test", **values)


@pytest.mark.parametrize(
    ("who", "role"),
    [
        (claims("zoe@studio.test"), Role.ADMIN),
        (claims("ZOE@Studio.test"), Role.ADMIN),
        (claims("max@studio.test"), Role.OPERATOR),
        (claims("kim@studio.test"), Role.VIEWER),
        (claims("kim@studio.test", groups=["Night-Shift"]), Role.OPERATOR),
        (claims(roles="night-shift"), Role.OPERATOR),
        (claims("zoe@studio.test", verified=False), Role.NOBODY),
        (claims("zoe@studio.test", verified="true"), Role.NOBODY),
        (claims("zoe@studio.test", verified=None), Role.NOBODY),
        (claims("zoe@studio.test.evil.test"), Role.NOBODY),
        (claims("zoe@evil.test"), Role.NOBODY),
        (claims("group:night-shift"), Role.NOBODY),
        (claims(groups=["zoe@studio.test", 7, None]), Role.NOBODY),
        (claims(groups={"night-shift": True}), Role.NOBODY),
        ({}, Role.NOBODY),
    ],
)
def test_a_role_comes_from_what_the_provider_verified(who: dict[str, Any], role: Role) -> None:
    assert role_of(who, MEMBERS) is role


def test_the_audit_names_the_verified_address_and_nothing_people_choose(tmp_path: Path) -> None:
    access = Access(signing_in(tmp_path, operators="group:crew"))
    now = time.time()
    known = access.person(claims("Zoe@studio.test", iat=now, name="The Boss"))
    chosen = access.person(
        claims("zoe@studio.test", verified=False, iat=now, groups=["crew"], name="zoe@studio.test")
    )
    assert known is not None
    assert chosen is not None
    assert (known.name, known.role) == ("zoe@studio.test", Role.ADMIN)
    assert (chosen.name, chosen.role) == ("https://login.test u1", Role.OPERATOR)


def test_a_sign_in_ends_after_its_hours(tmp_path: Path) -> None:
    access = Access(signing_in(tmp_path, session_hours=2), clock=lambda: 100_000.0)
    assert access.person(claims("zoe@studio.test", iat=100_000 - 2 * 3600)) is not None
    for at in (100_000 - 2 * 3600 - 1, 100_000 + 3600, None, "100000", True):
        assert access.person(claims("zoe@studio.test", iat=at)) is None
    assert access.person(None) is None


def test_signing_out_ends_every_copy_of_the_cookie_even_after_a_restart(tmp_path: Path) -> None:
    first, second = (claims("zoe@studio.test", iat=int(time.time()), nonce=name) for name in "ab")
    access = Access(signing_in(tmp_path))
    access.sign_out(first)
    for each in (access, Access(signing_in(tmp_path))):
        assert each.person(first) is None
        assert each.person(second) is not None
    (kept,) = tmp_path.glob("signed-out.jsonl")
    assert kept.stat().st_mode & 0o077 == 0
    assert sign_in_id(first) in kept.read_text()


@pytest.mark.parametrize(
    ("address", "more", "role"),
    [
        ("127.0.0.1", {}, Role.ADMIN),
        ("::1", {}, Role.ADMIN),
        ("localhost", {"address": "http://localhost:8501"}, Role.ADMIN),
        ("0.0.0.0", {}, Role.VIEWER),
        ("::", {}, Role.VIEWER),
        (None, {}, Role.VIEWER),
        ("", {}, Role.VIEWER),
        ("192.0.2.5", {}, Role.VIEWER),
        ("127.0.0.1", {"address": "https://dailies.studio.test"}, Role.VIEWER),
        ("127.0.0.1", {"hosts": "dailies.internal"}, Role.VIEWER),
        ("0.0.0.0", {"anyone": "operator"}, Role.OPERATOR),
        ("127.0.0.1", {"anyone": "viewer"}, Role.VIEWER),
        ("127.0.0.1", {"read_only": True}, Role.VIEWER),
        ("0.0.0.0", {"read_only": True, "anyone": "admin"}, Role.VIEWER),
    ],
)
def test_without_sign_in_only_this_machine_may_act(
    tmp_path: Path, address: str | None, more: dict[str, Any], role: Role
) -> None:
    person = Access(settings(tmp_path, **more), address).person(None)
    assert person is not None
    assert person.role is role
    assert (person.reason is None) == (role is Role.ADMIN)


def test_read_only_holds_for_admins_too(tmp_path: Path) -> None:
    person = Access(signing_in(tmp_path, read_only=True)).person(
        claims("zoe@studio.test", iat=int(time.time()))
    )
    assert person is not None
    assert person.role is Role.VIEWER


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"auth": {}}, "no provider"),
        ({"auth": AUTH | {"cookie_secret": "short"}}, "cookie_secret"),
        ({"auth": AUTH}, "DAILIES_URL"),
        ({"auth": AUTH, "address": "https://dailies.studio.test"}, "DAILIES_ADMINS"),
        ({"auth": {"okta": AUTH, "cookie_secret": "c" * 31}}, "cookie_secret"),
    ],
)
def test_a_sign_in_that_cannot_work_is_told_at_the_start(values: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said) as told:
        check_sign_in(settings(**values))
    assert "s3cret" not in str(told.value)


def test_no_secret_of_the_sign_in_is_shown_with_the_settings() -> None:
    assert "s3cret" not in repr(settings(auth=AUTH))


@pytest.fixture
def functions(postgres: PostgresDatabase) -> dict[str, bool]:
    """Every SQL function of Dailies, and whether it may write."""
    with postgres._pool.connection() as connection:
        rows = connection.execute(
            "select proname, bool_or(provolatile = 'v') from pg_proc"
            " where pronamespace = 'public'::regnamespace and proname like 'dailies\\_%' group by 1"
        ).fetchall()
    return dict(rows)


@pytest.mark.parametrize("role", list(Role))
def test_every_function_that_writes_takes_an_operator(
    postgres: PostgresDatabase, functions: dict[str, bool], role: Role
) -> None:
    """From the database's own list: a new function cannot be forgotten."""
    assert len(functions) > 50
    asked: list[str] = []

    class Asked:
        label = "test"

        def call(self, function: str, /, **arguments: Any) -> list[dict[str, Any]]:
            if function == "dailies_reading":
                return postgres.call(function)
            asked.append(function)
            return []

        def close(self) -> None: ...

    limited = Limited(Asked(), Person("kim", role, "Not yours to do."))
    for function in functions:
        with suppress(NotAllowed):
            limited.call(function)
    expected = {
        Role.NOBODY: set[str](),
        Role.VIEWER: {name for name, writes in functions.items() if not writes} - {"dailies_reading"},
        Role.OPERATOR: functions.keys() - FOR_ADMINS - {"dailies_reading"},
        Role.ADMIN: functions.keys() - {"dailies_reading"},
    }
    assert set(asked) == expected[role]


def test_an_address_is_nobody_elses_for_a_letter_that_only_looks_the_same_in_small() -> None:
    members = {Role.ADMIN: ["kate@studio.test"]}
    assert role_of({"email": "Kate@studio.test", "email_verified": True}, members) is Role.ADMIN
    assert role_of({"email": "\u212aate@studio.test", "email_verified": True}, members) is Role.NOBODY
