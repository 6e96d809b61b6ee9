"""`python -m lib map`: propose what an app calls table, columns and status words, as a file to correct."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import click

from lib.cli.files import FILE, map_of, say, write_out
from lib.cli.telling import say_unmapped
from lib.data import app_table
from lib.data.connect import open_postgres
from lib.data.migrations import migrate
from lib.domain.mapping import TableMap
from lib.domain.table_guess import Proposal, propose
from lib.errors import BadInput
from lib.logs.rows import read_rows
from lib.settings import load_settings

# What Dailies knows of a new row by itself.
_FILLED = (
    *("id", "status", "created_at", "updated_at"),
    *("prompt", "input_image_url", "model", "ratio", "duration"),
)


@click.command()
@click.option("--rows", "rows_file", type=FILE, help="Exported rows: JSON, CSV or INSERTs; no database.")
@click.option(
    "--table", help="The table of the database, with its schema. Default: the one that can be meant."
)
@click.option("--out", type=FILE, help="Write the map there. Default: print it.")
@click.option(
    "--apply", "apply_file", type=FILE, help="Use this map from now on; brings the schema up to date."
)
def command(rows_file: Path | None, table: str | None, out: Path | None, apply_file: Path | None) -> None:
    """Propose a map of the app's own table: look it through, then apply it, or give it with --map.

    Looks at the database, or at exported rows, and changes nothing; only --apply does.
    """
    if apply_file is not None:
        with closing(open_postgres(load_settings())) as database:
            migrate(database, table_map=map_of(apply_file), say=click.echo)
            say_unmapped(database)
        click.echo(f"{database.label}: mapped as {apply_file} says, and the schema is up to date.")
        return
    proposal, source = _of_rows(rows_file) if rows_file else _of_database(table)
    write_out(proposal.as_toml(), out)
    if out is not None:
        say([*proposal.notes, f"{out} was proposed from {source}: look it through."])


def _of_rows(path: Path) -> tuple[Proposal, str]:
    rows = read_rows(path)
    if not rows:
        raise BadInput(f"{path} holds no rows.")
    try:
        return propose(rows), f"{len(rows)} rows"
    except ValueError as error:
        raise BadInput(f"{path}: {error}") from error


def _of_database(name: str | None) -> tuple[Proposal, str]:
    with closing(open_postgres(load_settings())) as db, db.transaction("map") as connection:
        tables, kept = app_table.look(connection), app_table.kept(connection)
        if name is None:
            chosen = kept or app_table.choose(tables)
            name = chosen.table if chosen else "public.videos"
        found = next((table for table in tables if table.name == name), None)
        if found is None:
            said = app_table.problems(connection, TableMap({}, {}, table=name))[0]
            raise BadInput(f"{said} There are {', '.join(table.name for table in tables)}.")
        if found.proposal is None:
            raise BadInput(f"{found}")
        proposal = found.proposal
        if kept and kept.table == name:
            proposal = proposal.corrected(kept)
        known = proposal.map
        notes = [f"It cannot be used as it is: {said}" for said in app_table.problems(connection, known)]
    if found.hides_rows:
        notes.append(app_table.HIDES.format(name))
    filled = {*(known.columns.get(name) for name in _FILLED), known.provider_column, *known.fixed}
    if needs := ", ".join(name for name in found.required if name not in filled):
        notes.append(f"A new row needs {needs}, for Generate: give a value under [fixed].")
    return replace(proposal, notes=(*proposal.notes, *notes)), name
