"""Are the settings of what surrounds Dailies right? Log drain, cron, Vercel, alerts; each check with a code.

As in environment.py, a check never shows a value that could be a secret.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from pydantic import SecretStr

from lib.domain.address import is_loopback
from lib.operations.alerts import rules_in_force
from lib.operations.environment.settings import Check, Level
from lib.settings import Settings

SHORTEST_SECRET = 16  # characters; Vercel asks for as many
_CRON = "Set it to a long random text, here and where the calls come from: `openssl rand -hex 24`."


def check_services(settings: Settings) -> list[Check]:
    return [
        *_log_drain(settings),
        *([_secret("E132", "CRON_SECRET", settings.cron_secret, _CRON)] if settings.cron_secret else ()),
        *_vercel(settings),
        *_webhook(settings),
        *_rules(settings),
    ]


def _secret(code: str, name: str, secret: SecretStr, todo: str) -> Check:
    """Of one that travels in a header."""
    value = secret.get_secret_value()
    if value[0] in "\"'" or not value.isascii() or any(character.isspace() for character in value):
        problem = "contains quotes, spaces or other characters that do not belong in it"
    elif len(value) < SHORTEST_SECRET:
        problem = f"has fewer than {SHORTEST_SECRET} characters and can be guessed"
    else:
        return Check(code, name, Level.OK, f"{name} is set")
    return Check(code, name, Level.ERROR, f"{name} {problem}", todo)


def _log_drain(settings: Settings) -> Iterator[Check]:
    name, secret = "DAILIES_LOG_DRAIN_SECRET", settings.log_drain_secret
    if secret is not None:
        todo = "Copy the signature secret of the drain from Vercel again, or make a new one."
        yield _secret("E131", name, secret, todo)
    elif settings.log_drain_verify is not None:
        found = f"DAILIES_LOG_DRAIN_VERIFY is set, but {name} is not: what the drain sends is refused"
        yield Check("E131", name, Level.ERROR, found, "Set it to the drain's signature secret and restart.")
    elif settings.vercel_token is None:
        todo = "Without a log drain or VERCEL_TOKEN, import exported logs on the page Stages."
        yield Check("E131", name, Level.NOTE, f"{name} is not set: log drains are refused", todo)


def _vercel(settings: Settings) -> Iterator[Check]:
    token, project = settings.vercel_token, settings.vercel_project
    if token is None and (project or settings.vercel_team):
        found = "VERCEL_PROJECT_ID or VERCEL_TEAM_ID is set, but VERCEL_TOKEN is not: no logs are read"
        todo = "Make a token in Vercel's account settings, or leave the others unset."
        yield Check("E133", "VERCEL_TOKEN", Level.ERROR, found, todo)
    elif token is not None and project is None:
        found = "VERCEL_TOKEN is set, but VERCEL_PROJECT_ID is not: no logs are read"
        todo = "Set it to the project's id or name, and VERCEL_TEAM_ID where a team owns it."
        yield Check("E134", "VERCEL_PROJECT_ID", Level.ERROR, found, todo)
    elif token is not None:
        check = _secret("E133", "VERCEL_TOKEN", token, "Copy the token again, or make a new one.")
        if check.level is Level.OK and settings.log_drain_secret is not None:
            found = "VERCEL_TOKEN and the log drain are both set: the drain is used"
            todo = "Past logs: `python -m lib pull-logs`."
            check = Check("E133", "VERCEL_TOKEN", Level.NOTE, found, todo)
        yield check


def _webhook(settings: Settings) -> Iterator[Check]:
    name = "DAILIES_ALERT_WEBHOOK"
    if settings.alert_webhook is None:
        return
    parts = urlsplit(settings.alert_webhook.get_secret_value())
    local = is_loopback(parts.hostname)
    if not parts.hostname or (parts.scheme != "https" and not (local and parts.scheme == "http")):
        todo = "Copy the incoming webhook's address again; it begins with https://."
        yield Check("E135", name, Level.ERROR, f"{name} is not an https address: nobody is notified", todo)
    elif settings.address is None:
        todo = "Set DAILIES_URL to where people open Dailies, and notices link to it."
        yield Check("E136", "DAILIES_URL", Level.NOTE, f"{name} is set, DAILIES_URL is not", todo)
    else:
        yield Check("E135", name, Level.OK, f"{name} is set ({parts.hostname})")


def _rules(settings: Settings) -> Iterator[Check]:
    name = "DAILIES_ALERT_RULES"
    if settings.alert_rules is None:
        return
    rules, wrong = rules_in_force(settings.alert_rules)
    if wrong:
        found = f"{name} cannot be used as it is: {len(rules)} rules are in force"
        yield Check("E137", name, Level.ERROR, found, wrong)
    else:
        yield Check("E137", name, Level.OK, f"{name} is in use: {len(rules)} rules apply")
