"""The command line: `python -m lib COMMAND`."""

from __future__ import annotations

import sys
from importlib import import_module

import click

from lib.cli.terminal import end_when_told, make_inert
from lib.errors import DailiesError

COMMANDS = {
    "run": "Start the dashboard, with everything it needs.",
    "alerts": "List what is wrong now, or silence it.",
    "budget": "Show what may be spent per hour and day, or set it.",
    "cancel": "Cancel the task of a video; a finished one is left alone.",
    "diagnose": "Say of each video what happened, from files.",
    "expire-logs": "Drop old logs; verdicts stay, and what is open keeps its lines.",
    "flow": "Learn the order of an app's log lines from runs that worked, or try it on logs.",
    "generate": "Make a video; what it costs is said before.",
    "import-videos": "Read exported rows of `videos` into the embedded database.",
    "import-logs": "Read exported logs into the database.",
    "map": "Propose what an app calls columns and status words, from its rows.",
    "migrate": "Create or update the schema of Dailies.",
    "poll": "Ask Runway about unfinished tasks: free.",
    "pull-logs": "Read logs from Vercel into the database.",
    "recover": "Save task ids that stand in logs or in the journal only: free.",
    "repair": "Repair many videos: a dry run unless told to do it.",
    "retry": "Try a failed or stuck video again, after a decision.",
    "seed": "Write a history to look at into an empty embedded database.",
    "simulator": "Serve Runway's API on this machine.",
    "sweep": "Decide about stuck videos: recover, retry where allowed, or flag.",
    "uninstall": "Take Dailies out of a database; says first what that means.",
    "worker": "Generate what is queued, poll, judge and sweep, until stopped.",
}


class Commands(click.Group):
    """Imports a command's module only when it is asked for, so that `--help` stays quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:  # noqa: ARG002
        if name not in COMMANDS:
            return None
        module = import_module(f"lib.cli.{name.replace('-', '_')}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Dailies: what was generated, what got stuck, at which step and why; and its repair, paid once."""


if __name__ == "__main__":
    make_inert()
    end_when_told()
    try:
        main(prog_name="python -m lib")
    except DailiesError as error:
        from lib.logs.redact import redact

        click.echo(f"error: {redact(error.told)}", err=True)
        sys.exit(1)
