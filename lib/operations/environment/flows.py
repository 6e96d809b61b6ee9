"""Whether every flow of the database can be used."""

from __future__ import annotations

from collections.abc import Iterator

from lib.app import App
from lib.errors import DailiesError
from lib.operations.environment.settings import Check, Level


def check_flows(app: App) -> Iterator[Check]:
    """What cannot be used is left out by every process, and stops none."""
    try:
        flows, problems = app.flows.flows, app.kept_flows.problems
    except DailiesError as error:
        yield Check("E208", "Flows", Level.ERROR, "The flows cannot be read", str(error))
        return
    for key, problem in problems.items():
        todo = f"{problem}. Correct it on Stages, or: python -m lib flow remove {key}"
        yield Check("E208", "Flows", Level.WARNING, f"The flow {key} of the database is not used", todo)
    if not problems:
        yield Check("E208", "Flows", Level.OK, f"{len(flows)} flows are known, and each can be used")
