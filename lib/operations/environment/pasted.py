"""Checks variables that somebody pasted: of a `.env` file, or the list of `vercel env ls`.

Nothing of them is kept, and no value is told but those that are no secret.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from pydantic import ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from lib.errors import everything_wrong
from lib.operations.environment.settings import Check, Level, check_app
from lib.settings import Settings

_NEEDED = (  # by the production app: any one name of each line
    ("RUNWAY_API_KEY", "RUNWAYML_API_SECRET"),
    ("SUPABASE_URL", "NEXT_PUBLIC_SUPABASE_URL"),
    ("SUPABASE_SERVICE_ROLE_KEY",),
)
_OPTIONAL = ("RUNWAY_BASE_URL", "RUNWAYML_BASE_URL", "RUNWAY_MODEL_ID", "NEXT_PUBLIC_SUPABASE_ANON_KEY")
_KNOWN = [name for names in _NEEDED for name in names] + list(_OPTIONAL)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,100}")
_LISTED = re.compile("Encrypted|Production|Preview|Development")
_PUBLIC = "NEXT_PUBLIC_"
_SECRET = ("RUNWAY", "SERVICE_ROLE", "SECRET")
_LONGEST = 100_000


class _Pasted(Settings):
    """Only what was pasted, nothing of this process's own environment."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        *_: PydanticBaseSettingsSource,
        **__: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


def read_variables(text: str) -> tuple[dict[str, str], dict[str, str]]:
    """Names with their values, and names of a list without values with the environments it gives."""
    values: dict[str, str] = {}
    listed: dict[str, str] = {}
    for line in text[:_LONGEST].splitlines():
        name, assigned, value = line.strip().removeprefix("export ").partition("=")
        if assigned and _NAME.fullmatch(name.strip()):
            value = value.strip()
            is_quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
            values[name.strip()] = value[1:-1] if is_quoted else value
        elif (parts := line.split()) and _NAME.fullmatch(parts[0]) and _LISTED.search(line):
            listed[parts[0]] = " ".join(parts[1:])
    return values, listed


def check_pasted(text: str) -> list[Check]:
    """What is wrong with these variables for the production app, worst first by level; never empty."""
    values, listed = read_variables(text)
    names = {**listed, **values}
    if not names:
        todo = "Paste lines like NAME=value, or what `vercel env ls` prints."
        return [Check("E501", "Variables", Level.ERROR, "No variable was found in this text", todo)]
    return [*_missing(names), *_public(names), *_misspelt(names), *_elsewhere(listed), *_values(values)]


def _missing(names: Mapping[str, str]) -> Iterator[Check]:
    for choices in _NEEDED:
        present = [name for name in choices if name in names]
        if not present:
            found = f"{choices[0]} is missing"
            todo = f"Set it (or {choices[1]}) and redeploy." if len(choices) > 1 else "Set it and redeploy."
            yield Check("E502", choices[0], Level.ERROR, found, todo)
        elif all(not names[name] for name in present):
            yield Check("E503", present[0], Level.ERROR, f"{present[0]} is empty", "Give it its value.")


def _public(names: Mapping[str, str]) -> Iterator[Check]:
    for name in names:
        if name.startswith(_PUBLIC) and any(word in name for word in _SECRET):
            found = f"{name} is sent to every browser: whoever opens the app can read it"
            todo = f"Rename it to {name.removeprefix(_PUBLIC)}, and replace the key: it is known."
            yield Check("E504", name, Level.ERROR, found, todo)


def _misspelt(names: Mapping[str, str]) -> Iterator[Check]:
    for name in names:
        if name in _KNOWN or name.startswith(_PUBLIC):
            continue
        near = [known for known in get_close_matches(name.upper(), _KNOWN, 1, 0.9) if known not in names]
        if near:
            found = f"{name} looks like {near[0]}"
            yield Check("E505", name, Level.WARNING, found, f"Rename it to {near[0]}.")


def _elsewhere(listed: Mapping[str, str]) -> Iterator[Check]:
    for name, rest in listed.items():
        if name in _KNOWN and "Production" not in rest:
            found = f"{name} is not set for Production"
            yield Check("E506", name, Level.ERROR, found, "Add it to Production in Vercel and redeploy.")


def _values(values: Mapping[str, str]) -> Iterator[Check]:
    try:
        settings = _Pasted.model_validate({name: values[name] for name in _KNOWN if name in values})
    except ValidationError as error:
        yield Check("E507", "Variables", Level.ERROR, "A value cannot be used", everything_wrong(error))
        return
    yield from check_app(settings)
