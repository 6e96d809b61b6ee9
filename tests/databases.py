"""One Postgres and one PostgREST-compatible server for a whole run; every test has a database of its own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from lib.data.embedded.server import EmbeddedPostgres
from lib.data.migrations import migrate
from lib.data.postgres import PostgresDatabase
from lib.data.supabase import SupabaseDatabase

REST = Path(__file__).parent / "rest"
SECRET_KEY = "sb_secret_tests_0123456789abcdef"
TEMPLATE = "dailies_template"
# The roles that every Supabase project has.
ROLES = """
create role anon nologin; create role authenticated nologin; create role service_role nologin bypassrls;
"""
# With DAILIES_TEST_ROLE the tests work as that role, which is no superuser, as in a hosted project; what it
# makes in `public` is given to the browser's roles by default, as there.
ROLE = os.environ.get("DAILIES_TEST_ROLE", "postgres")
PLAIN = """
create role {role} login password {password};
grant anon, authenticated, service_role to {role};
"""
PRIVILEGES = """
grant all on schema public to {role};
alter default privileges for role {role} in schema public
    grant all on tables to anon, authenticated, service_role;
alter default privileges for role {role} in schema public
    grant all on functions to anon, authenticated, service_role;
"""


class Cluster:
    """A running Postgres without the care for durability that tests do not need."""

    def __init__(self, home: Path) -> None:
        self.server = EmbeddedPostgres(home).start()
        with self.admin() as connection:
            for setting in ("fsync", "synchronous_commit", "full_page_writes", "autovacuum"):
                connection.execute(sql.SQL("alter system set {} = off").format(sql.Identifier(setting)))
            connection.execute("select pg_reload_conf()")
            connection.execute(ROLES)
            if ROLE != "postgres":
                self._make_role(connection)
            connection.execute(f"create database {TEMPLATE} owner {ROLE}")
        database = PostgresDatabase(self.url(TEMPLATE), label="template")
        migrate(database)
        database.close()

    def _make_role(self, connection: psycopg.Connection) -> None:
        password = str(conninfo_to_dict(self.server.conninfo())["password"])
        names = {"role": sql.Identifier(ROLE), "password": sql.Literal(password)}
        connection.execute(sql.SQL(PLAIN).format(**names))
        with psycopg.connect(self.server.conninfo(), dbname="template1") as template:
            template.execute(sql.SQL(PRIVILEGES).format(**names))

    def admin(self, database: str = "postgres") -> psycopg.Connection:
        return psycopg.connect(self.server.conninfo(), dbname=database, autocommit=True)

    def url(self, database: str = "") -> str:
        parts = conninfo_to_dict(self.server.conninfo())
        address = f"postgresql://{ROLE}:{parts['password']}@127.0.0.1:{parts['port']}"
        return f"{address}/{database}".rstrip("/")

    @contextmanager
    def clone(self, template: str = TEMPLATE) -> Iterator[str]:
        """The URL of a fresh database with the schema of Dailies (or with `template1`, of nobody)."""
        name = f"t{uuid.uuid4().hex[:12]}"
        with self.admin() as connection:
            connection.execute(f"create database {name} template {template} owner {ROLE} strategy file_copy")
        try:
            yield self.url(name)
        finally:
            with self.admin() as connection:
                connection.execute(f"drop database if exists {name} with (force)")


# Triggers are off meanwhile: some of them refuse a deletion.
EMPTY = """
set session_replication_role = replica;
do $$
declare
    name regclass;
begin
    for name in select c.oid from pg_class c
        where c.relkind = 'r' and c.relname not in ('migrations', 'causes', 'mapping', 'counted')
            and (c.relnamespace = 'dailies'::regnamespace
                 or c.oid in ('public.videos'::regclass, 'pgmq.q_dailies'::regclass))
    loop
        execute format('delete from %s', name);
    end loop;
end $$;
"""


class RestServer:
    """Node, serving every database of a cluster under its name."""

    def __init__(self, cluster: Cluster, log: Path, *, max_rows: int = 1000) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        environment = {
            "PATH": os.environ["PATH"],
            "BASE_URL": cluster.url(),
            "PORT": str(self.port),
            "SECRET_KEY": SECRET_KEY,
            "MAX_ROWS": str(max_rows),
            "LITE_TELEMETRY": "0",
        }
        self._log = log
        with log.open("w") as output:
            self._process = subprocess.Popen(
                ["node", "server.mjs"], cwd=REST, env=environment, stdout=output, stderr=subprocess.STDOUT
            )
        self._wait()

    def _wait(self) -> None:
        for _ in range(300):
            if "Ready" in self._log.read_text():
                return
            if self._process.poll() is not None:
                break
            time.sleep(0.05)
        raise AssertionError(f"the PostgREST-compatible server did not start: {self._log.read_text()}")

    def url(self, database_url: str) -> str:
        return f"http://127.0.0.1:{self.port}/{database_url.rsplit('/', 1)[1]}"

    def open(self, database_url: str) -> SupabaseDatabase:
        return SupabaseDatabase(self.url(database_url), SECRET_KEY)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)


def node_is_missing() -> str | None:
    """Why the supabase half cannot run, or None. In CI it must run."""
    if (REST / "node_modules").is_dir() and shutil.which("node"):
        return None
    reason = "Node or tests/rest/node_modules is missing: run tools/rest"
    assert not os.environ.get("CI"), reason
    return f"NOT TESTED over the supabase client. {reason}"
