"""Starts the dashboard with everything it needs."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from lib.operations.access import check_sign_in
from lib.settings import ROOT, load_settings


@click.command()
@click.option("--port", default=8501, show_default=True, type=click.IntRange(1, 65535))
@click.option("--address", default="127.0.0.1", show_default=True, help="0.0.0.0 serves other machines too.")
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), help="Folder of the local data.")
def command(port: int, address: str, data: Path | None) -> None:
    """Start the dashboard; with no account: an embedded Postgres and a Runway simulator as well."""
    settings = load_settings()
    check_sign_in(settings)  # what cannot be used is said here, instead of by a server that does not come up
    environment = os.environ | ({"DAILIES_DATA": str(data.resolve())} if data else {})
    parts = {"embedded": "an embedded Postgres", "supabase": "Supabase", "postgres": "your Postgres"}
    if settings.runway_kind == "runway":
        runway = "Runway"
    elif settings.database_kind == "embedded":
        runway = "the Runway simulator, with a sample history where the database is empty"
    else:
        runway = "no Runway key: nothing is looked up or repaired"
    click.echo(
        f"Dailies starts at http://{'localhost' if address == '127.0.0.1' else address}:{port},"
        f" with {parts[settings.database_kind]} and {runway}."
        f" Its data lies in {data or settings.data_dir}."
    )
    click.echo("It says here when it is ready; the first page can be opened before. Ctrl+C stops it.")
    arguments = [
        f"--server.port={port}",
        f"--server.address={address}",
        "--server.headless=true",
        "--logger.hideWelcomeMessage=true",  # a second address, of which one asks another server
    ]
    os.chdir(ROOT)  # where Streamlit looks for .streamlit/config.toml
    os.execve(  # noqa: S606
        sys.executable,
        [sys.executable, "-m", "streamlit", "run", str(ROOT / "dashboard.py"), *arguments],
        environment,
    )
