"""Environment says who reaches the app's rows past the app: by privileges, row security and policies."""

from __future__ import annotations

import psycopg
import pytest

from lib.data.database import Database
from lib.operations.environment.settings import Level, check_database
from tests.apps import app_of

OPEN = "alter table public.videos disable row level security;"
READ = "grant select on public.videos to anon;"
OWN = "create policy own on public.videos for all to authenticated using (user_id is not null);"
CASES = [
    ("nothing was granted", "", Level.OK, "nobody reads or writes videos"),
    ("granted, without a policy", "grant all on public.videos to anon;", Level.OK, "nobody reads or writes"),
    ("read by anybody", OPEN + READ, Level.WARNING, "public (anon) key may read every row of public.videos"),
    ("one column of it", f"{OPEN} grant select (prompt) on public.videos to anon;", Level.WARNING, "anon"),
    (
        "written by anybody",
        f"{OPEN} grant select, update, delete on public.videos to anon;",
        Level.ERROR,
        "anon) key may delete any row",
    ),
    (
        "a policy that looks at nothing",
        "grant select on public.videos to anon; create policy p on public.videos for select using (true);",
        Level.WARNING,
        "may read every row",
    ),
    (
        "inserted by whoever signed up",
        "grant insert on public.videos to authenticated;"
        "create policy p on public.videos for insert to authenticated with check (true);",
        Level.ERROR,
        "signed up in the app may insert any row",
    ),
    (
        "read by anybody, written by whoever signed up",
        f"{OPEN} {READ} grant update on public.videos to authenticated;",
        Level.ERROR,
        "signed up in the app may update any row",
    ),
    (
        "each their own",
        f"grant all on public.videos to authenticated; {OWN}",
        Level.OK,
        "except as these policies say: own",
    ),
    (
        "an open policy, narrowed by a restrictive one",
        "grant select on public.videos to anon; create policy p on public.videos for select using (true);"
        "create policy q on public.videos as restrictive for select using (user_id is null);",
        Level.OK,
        "except as these policies say: p, q",
    ),
    (
        "no way into its schema",
        f"{OPEN} {READ} grant usage on schema public to service_role;"
        "revoke usage on schema public from public;",
        Level.OK,
        "nobody reads",
    ),
]


@pytest.mark.parametrize(("change", "level", "said"), [case[1:] for case in CASES], ids=[c[0] for c in CASES])
def test_who_reaches_the_rows_past_the_app_is_said(
    own_db: Database, own_database_url: str, change: str, level: Level, said: str
) -> None:
    with psycopg.connect(own_database_url) as connection:
        # a hosted project grants everything by default; here a case has what it grants itself
        connection.execute("revoke all on public.videos from anon, authenticated")
        connection.execute(change.encode())
    (check,) = (check for check in check_database(app_of(own_db)) if check.code == "E207")
    assert check.level is level
    assert said in check.found
