"""What production feels of a migration.

    python -m bench.migrate [--videos 1000000] [--rate 200]

Fills a table `videos` of an app that Dailies has never seen, then migrates it while one connection reads and
one writes at that rate, and prints the longest that either waited, beside the same without a migration.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from pathlib import Path

import psycopg

from lib.data.embedded.server import EmbeddedPostgres
from lib.data.migrations import migrate
from lib.data.postgres import PostgresDatabase

CREATE = """
create table public.videos (
    id uuid primary key default gen_random_uuid(), prompt text, status text not null default 'queued',
    video_url text, error_message text, runway_video_id text,
    created_at timestamptz not null default now(), updated_at timestamptz not null default now())
"""
FILL = """
insert into public.videos (prompt, status, runway_video_id, created_at)
select 'A pet number ' || n, case when n % 5 = 0 then 'failed' else 'completed' end, gen_random_uuid()::text,
    now() - interval '5 seconds' * n
from generate_series(1, {videos}) n
"""
READ = "select * from public.videos where id = %s"
WRITE = "update public.videos set updated_at = now() where id = %s"


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--videos", type=int, default=1_000_000)
    options.add_argument("--rate", type=int, default=200)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        server = EmbeddedPostgres(Path(folder) / "postgres").start()
        try:
            measure(server, chosen.videos, chosen.rate)
        finally:
            server.stop()


def measure(server: EmbeddedPostgres, videos: int, rate: int) -> None:
    with psycopg.connect(server.conninfo(), autocommit=True) as connection:
        connection.execute(CREATE)
        connection.execute(FILL.format(videos=videos).encode())
        connection.execute("vacuum analyze")
        ids = [str(row[0]) for row in connection.execute("select id from public.videos limit 1000")]
    database = PostgresDatabase(server.conninfo, label="bench")
    with Traffic(server, ids, rate) as traffic:
        time.sleep(10)
    print(f"{videos:,} videos, a reader and a writer at {rate}/s each")
    print(f"without a migration, 10 s: {traffic}")
    began = time.monotonic()
    with Traffic(server, ids, rate) as traffic:
        migrate(database, say=lambda what: print(f"  {time.monotonic() - began:6.1f} s  {what}"))
    print(f"migrated in {time.monotonic() - began:.1f} s: {traffic}")
    database.close()


class Traffic:
    """A reader and a writer of the app, and the longest that each waited, in seconds."""

    def __init__(self, server: EmbeddedPostgres, ids: list[str], rate: int) -> None:
        self._server, self._ids, self._pause = server, ids, 1 / rate
        self._over = threading.Event()
        self._waited: dict[str, list[float]] = {READ: [], WRITE: []}
        self._threads = [threading.Thread(target=self._run, args=(query,)) for query in (READ, WRITE)]

    def __enter__(self) -> Traffic:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _run(self, query: str) -> None:
        with psycopg.connect(self._server.conninfo(), autocommit=True) as connection:
            due, n = time.monotonic(), 0
            while not self._over.is_set():
                began = time.monotonic()
                connection.execute(query.encode(), [self._ids[n % len(self._ids)]])
                self._waited[query].append(time.monotonic() - began)
                due, n = max(due + self._pause, began), n + 1
                time.sleep(max(0.0, due - time.monotonic()))

    def __str__(self) -> str:
        return ", ".join(
            f"{name} {len(waited):,} times, longest {1000 * max(waited):.0f} ms"
            for name, waited in zip(("read", "wrote"), self._waited.values(), strict=True)
        )


if __name__ == "__main__":
    main()
