"""`python -m lib simulator`: serve Runway's API on this machine."""

from __future__ import annotations

from pathlib import Path

import click

from lib.cli.terminal import until_stopped
from lib.runway.simulator import SIMULATOR_KEY, SimulatorServer
from lib.settings import load_settings


@click.command("simulator")
@click.option("--port", type=click.IntRange(1, 65535), help="Default: the one of last time, or a free one.")
@click.option("--data", type=click.Path(path_type=Path), help="The data folder; default: DAILIES_DATA.")
@click.option("--speed", type=click.FloatRange(min=0.01), help="Make tasks this many times as fast.")
def command(port: int | None, data: Path | None, speed: float | None) -> None:
    """Serve Runway's API on this machine until interrupted."""
    stop = until_stopped()
    folder = data or load_settings().data_dir
    with SimulatorServer(folder, port) as server:
        if speed:
            server.store.configure(speed=speed)
        click.echo(f"Runway simulator on {server.url}, state in {server.store.folder}")
        click.echo(f"Key: {SIMULATOR_KEY}")
        stop.wait()
