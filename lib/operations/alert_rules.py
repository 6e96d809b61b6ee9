"""The rules in force: the shipped ones, and a team's own from the file that DAILIES_ALERT_RULES names.

    {"rules": [{"key": "stuck", "measure": "stuck_minutes", "limit": 10, "severity": "critical"}],
     "off": ["no-videos"]}

A rule of a shipped one's key replaces it; `off` names shipped rules that are not wanted.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

from lib.domain.alert import RULES, Rule
from lib.errors import BadInput


def load_rules(file: Path | None = None) -> tuple[Rule, ...]:
    """Raises BadInput naming the file and everything wrong with a rule."""
    if file is None:
        return RULES
    try:
        data = orjson.loads(file.read_bytes())
    except OSError as error:
        raise BadInput(f"{file}: {error.strerror}. Correct DAILIES_ALERT_RULES.") from error
    except orjson.JSONDecodeError as error:
        raise BadInput(f"{file} is not JSON: {error}") from error
    try:
        return _merged(data)
    except ValueError as error:
        raise BadInput(f"{file.name} cannot be used: {error}") from error


def _merged(data: Any) -> tuple[Rule, ...]:
    if not isinstance(data, dict) or not data.keys() <= {"rules", "off"}:
        raise ValueError("expected an object with `rules` and, if wanted, `off`")
    own, off = data.get("rules", []), data.get("off", [])
    if not isinstance(own, list) or not isinstance(off, list):
        raise ValueError("`rules` and `off` must be lists")
    shipped = {rule.key: rule for rule in RULES}
    if unknown := [key for key in off if key not in shipped]:
        raise ValueError(
            f"`off` names {', '.join(map(str, unknown))}; the shipped rules are {', '.join(shipped)}"
        )
    rules = shipped | {rule.key: rule for rule in map(Rule.from_json, own)}
    return tuple(rule for rule in rules.values() if rule.key not in off)
