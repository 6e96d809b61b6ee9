"""`python -m lib import-logs`: exported logs into the database, or what they would bring."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import click

from lib.app import open_app
from lib.cli.files import say
from lib.errors import BadInput
from lib.logs.report import ImportReport
from lib.operations.import_logs import count_file, import_file

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("files", metavar="FILE…", nargs=-1, required=True, type=FILE)
@click.option("--dry-run", is_flag=True, help="Read and count; store nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON, for several files an array.")
def command(files: tuple[Path, ...], dry_run: bool, as_json: bool) -> None:
    """Store log files of any source Vercel has, recognised by content; repeated entries are left out.

    A file that holds nothing of use costs the others nothing, and ends the command with an error.
    """
    reports: list[tuple[Path, ImportReport]] = []
    refused: list[str] = []
    with ExitStack() as stack:
        app = None if dry_run else stack.enter_context(open_app(runway=False))
        for file in files:
            try:
                reports.append((file, import_file(app, file) if app else count_file(file)))
            except BadInput as error:
                refused.append(str(error))
    if as_json:  # of a dry run the counts alone; what people should know of it goes to the error output
        counts = [report.summary() if dry_run else report.details() for _, report in reports]
        if counts:
            click.echo(json.dumps(counts[0] if len(files) == 1 else counts, indent=2))
        if dry_run:
            say(note for _, report in reports for note in report.notes)
    else:
        for file, report in reports:
            click.echo("\n  ".join([f"{file.name}: {report.format}", *_lines(report, dry_run)]))
    if refused:
        raise BadInput("\n".join(refused))


def _lines(report: ImportReport, dry_run: bool) -> Iterator[str]:
    levels = ", ".join(f"{count} {level}" for level, count in sorted(report.levels.items()))
    yield (
        f"{report.records} records read: {report.used} used, {report.repeated} repeated, "
        f"{report.unusable} unusable"
    )
    yield f"{report.entries} entries ({levels or 'none'}) of {report.requests} requests"
    if report.first_at:
        yield f"from {report.first_at} to {report.last_at}"
    if not dry_run:
        new = report.entries - report.already_stored
        yield f"{new} entries stored, {report.already_stored} were there already"
    yield from report.notes
    for line, reason, excerpt in report.offences:
        yield f"line {line}: {reason}: {excerpt}"
