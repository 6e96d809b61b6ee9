"""`python -m lib import-videos`: look at an incident of production on your own machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from lib.app import open_app
from lib.cli.files import FILE, MAP_OPTION, map_of, say, videos_of
from lib.data.videos import import_videos
from lib.domain.mapping import RowKind
from lib.domain.video import parse_time
from lib.errors import BadInput
from lib.logs.rows import Row, read_rows
from lib.settings import load_settings


@click.command()
@click.argument("files", nargs=-1, required=True, type=FILE)
@MAP_OPTION
def command(files: tuple[Path, ...], map_file: Path | None) -> None:
    """Read rows of the table `videos`, exported as JSON or CSV, into the embedded database.

    With --map, rows of the table that the map describes, without deleted ones and those of other providers.

    A row that is there already is replaced by the one of the file. Never into a database of yours: with
    DATABASE_URL or SUPABASE_URL set it refuses. `import-logs` reads the logs that belong to the rows.
    """
    settings = load_settings()
    if settings.database_kind != "embedded":
        raise BadInput(
            "Exported rows are only read into the embedded database: in your own one they would replace what "
            "has happened since. Unset DATABASE_URL, SUPABASE_URL and SUPABASE_SERVICE_ROLE_KEY for this."
        )
    table_map = map_of(map_file) if map_file else None
    for path in files:
        say(videos_of(path, table_map).notes())  # every file is checked before the first row is written
    with open_app(settings, runway=False) as app:
        for path in files:
            rows = read_rows(path)
            if table_map:
                rows = [table_map.read(row) for row in rows if table_map.kind_of(row) is RowKind.VIDEO]
            imported = import_videos(app.db, list(map(_with_times, rows)))
            click.echo(f"{path}: {len(rows)} rows, {imported.saved} of them new or changed.")
            if imported.ignored_columns:
                click.echo(f"{path}: not kept, no such column here: {', '.join(imported.ignored_columns)}.")


def _with_times(row: Row) -> dict[str, Any]:
    """The row with its times as Postgres reads them: it takes no number for one."""
    times = {name: parse_time(row.get(name)) for name in ("created_at", "updated_at")}
    return {**row, **{name: at.isoformat() for name, at in times.items() if at}}
