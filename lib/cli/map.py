"""`python -m lib map`: propose what an app calls table, columns and status words, as a file to correct."""

from __future__ import annotations

from pathlib import Path

import click

from lib.cli.files import FILE, say, write_out
from lib.domain.table_guess import propose
from lib.errors import BadInput
from lib.logs.rows import read_rows


@click.command()
@click.option("--rows", "rows_file", type=FILE, required=True, help="Exported rows: JSON, CSV or INSERTs.")
@click.option("--out", type=FILE, help="Write the map there. Default: print it.")
def command(rows_file: Path, out: Path | None) -> None:
    """Propose a map of an app's own table, from exported rows: look it through, then give it with --map."""
    rows = read_rows(rows_file)
    if not rows:
        raise BadInput(f"{rows_file} holds no rows.")
    try:
        proposal = propose(rows)
    except ValueError as error:
        raise BadInput(f"{rows_file}: {error}") from error
    write_out(proposal.as_toml(), out)
    if out is not None:
        say([*proposal.notes, f"{out} was proposed from {len(rows)} rows: look it through."])
