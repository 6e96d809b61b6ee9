"""Is this environment configured correctly? The checks of the incident notes, each with a code.

A check never shows a value that could be a secret: only whether it is set and whether its shape is right.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from lib.app import App
from lib.data.addresses import key_role, postgres_address, supabase_address
from lib.data.app_table import HIDES
from lib.data.database import Database, Row
from lib.data.mapping import mapped
from lib.data.outputs import open_storage
from lib.data.overview import Incident
from lib.domain.address import is_loopback
from lib.domain.pricing import DEFAULT_MODEL, VIDEO_MODELS, estimate
from lib.domain.video import STATUSES
from lib.errors import DatabaseError, RunwayError, SchemaMissing, SettingsError
from lib.runway.organization import Organization
from lib.settings import RUNWAY_BASE_URL, Settings

KEY_SHAPE = re.compile(r"key_[0-9a-f]{128}")
WRONG_HOST = "api.runwayml.com"


_STRANGERS = {  # roles of Supabase's REST API
    "anon": "Whoever has the app's public (anon) key",
    "authenticated": "Whoever has signed up in the app",
}


class Level(StrEnum):
    OK = "ok"
    NOTE = "note"  # works, and somebody may want to know
    WARNING = "warning"  # works in part, or will stop working
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Check:
    """One result. `found` says what is so, `todo` what to do about it (empty when nothing)."""

    code: str
    subject: str
    level: Level
    found: str
    todo: str = ""

    def __str__(self) -> str:
        return f"{self.code} {self.found}" + (f" — {self.todo}" if self.todo else "")


def variables(settings: Settings) -> list[tuple[str, bool]]:
    """Every variable Dailies reads (alternatives joined by ` or `) and whether it is set."""
    found = []
    for name, field in Settings.model_fields.items():
        names = [str(n) for n in getattr(field.validation_alias, "choices", ()) if str(n).isupper()]
        found.append((" or ".join(names), name in settings.model_fields_set))
    return found


def check_settings(settings: Settings) -> list[Check]:
    parts = (_runway_key, _runway_model, _runway_address, _database_settings, _folders, _outputs)
    left_out = (
        Check("E122", "Settings", Level.WARNING, said, "Correct it and restart.")
        for said in settings.left_out
    )
    return [*(check for part in parts for check in part(settings)), *left_out]


def check_app(settings: Settings) -> list[Check]:
    """Of the production app's own variables those that are set."""
    return [
        *(_runway_key(settings) if settings.runway_api_key else ()),
        *_runway_model(settings),
        *_runway_address(settings),
        *([_supabase_url(settings)] if settings.supabase_url else ()),
        *([_supabase_key(settings)] if settings.supabase_key else ()),
    ]


def _outputs(settings: Settings) -> Iterator[Check]:
    subject = "DAILIES_OUTPUTS"
    try:
        storage = open_storage(settings)
    except SettingsError as error:
        yield Check("E121", subject, Level.ERROR, "DAILIES_OUTPUTS cannot be used", str(error))
        return
    if storage is None:
        todo = "To keep outputs before Runway's addresses expire, set it to `local` or to a bucket."
        yield Check("E121", subject, Level.NOTE, "DAILIES_OUTPUTS is not set: outputs are not copied", todo)
    else:
        yield Check("E121", subject, Level.OK, f"Outputs are copied to {storage.name}")


def _runway_key(settings: Settings) -> Iterator[Check]:
    subject = "RUNWAY_API_KEY"
    if settings.runway_api_key is None and settings.database_kind != "embedded":
        found = f"{subject} is not set: nothing can be looked up, repaired or generated for this database"
        todo = "Set it (or RUNWAYML_API_SECRET) to the key the production app uses and restart."
        yield Check("E101", subject, Level.ERROR, found, todo)
    elif settings.runway_api_key is None:
        todo = "To use Runway, set it (or RUNWAYML_API_SECRET) to a key of dev.runwayml.com and restart."
        yield Check("E101", subject, Level.NOTE, f"{subject} is not set: the simulator is in use", todo)
    elif not KEY_SHAPE.fullmatch(settings.runway_api_key.get_secret_value()):
        found = f"{subject} is set, but is not key_ followed by 128 hexadecimal digits"
        todo = (
            "Copy the whole key again, without quotes or spaces. A key of the Runway app does not work here."
        )
        yield Check("E102", subject, Level.ERROR, found, todo)
    else:
        yield Check("E101", subject, Level.OK, f"{subject} is set and has the right shape")


def _runway_model(settings: Settings) -> Iterator[Check]:
    model, subject = settings.runway_model, "RUNWAY_MODEL_ID"
    if model not in VIDEO_MODELS:
        found = f"{subject} is {model!r}, which Dailies does not know"
        todo = f"Set it to one of {', '.join(VIDEO_MODELS)}; the production app expects {DEFAULT_MODEL}."
        yield Check("E103", subject, Level.ERROR, found, todo)
    else:
        yield Check("E103", subject, Level.OK, f"{subject} is {model}")


def _runway_address(settings: Settings) -> Iterator[Check]:
    """The note of the first incident names an address that is wrong in host and path."""
    subject, address = "RUNWAY_BASE_URL", settings.runway_base_url
    if address is None:
        yield Check("E104", subject, Level.OK, f"RUNWAY_BASE_URL is not set: {RUNWAY_BASE_URL} is used")
        return
    problems = list(_address_problems(address))
    yield from problems
    if not problems:
        yield Check("E104", subject, Level.OK, f"RUNWAY_BASE_URL names {urlsplit(address).hostname}")


def _address_problems(address: str) -> Iterator[Check]:
    subject, todo = "RUNWAY_BASE_URL", f"Set it to {RUNWAY_BASE_URL}, or leave it unset."
    parts = urlsplit(address)
    host = parts.hostname or ""
    if host == WRONG_HOST:
        yield Check("E104", subject, Level.ERROR, f"RUNWAY_BASE_URL names the wrong host, {WRONG_HOST}", todo)
    elif parts.scheme != "https" and not is_loopback(host):
        yield Check("E105", subject, Level.ERROR, "RUNWAY_BASE_URL does not begin with https://", todo)
    elif host != urlsplit(RUNWAY_BASE_URL).hostname and not is_loopback(host):
        yield Check("E106", subject, Level.WARNING, f"RUNWAY_BASE_URL names another host, {host}", todo)
    if parts.path.rstrip("/").endswith("/v1"):
        why = f"Dailies drops it; the production app would call /v1/v1 and get 404. {todo}"
        found = "RUNWAY_BASE_URL ends in /v1, which the SDK adds itself"
        yield Check("E107", subject, Level.WARNING, found, why)


def _database_settings(settings: Settings) -> Iterator[Check]:
    if settings.database_url is not None:
        try:
            postgres_address(settings.database_url.get_secret_value())
        except SettingsError as error:
            yield Check("E110", "DATABASE_URL", Level.ERROR, "DATABASE_URL cannot be used", str(error))
            return
        yield Check("E110", "DATABASE_URL", Level.OK, "DATABASE_URL is set: this Postgres is used directly")
        return
    if settings.supabase_url is None and settings.supabase_key is None:
        found = "Neither SUPABASE_URL nor SUPABASE_SERVICE_ROLE_KEY is set: the embedded Postgres is in use"
        todo = "To see production, set both to the values of the production project and restart."
        yield Check("E111", "SUPABASE_URL", Level.NOTE, found, todo)
        return
    yield _supabase_url(settings)
    yield _supabase_key(settings)


def _supabase_url(settings: Settings) -> Check:
    subject = "SUPABASE_URL"
    if settings.supabase_url is None:
        todo = "Set it (or NEXT_PUBLIC_SUPABASE_URL) to https://<project>.supabase.co."
        return Check("E112", subject, Level.ERROR, "SUPABASE_URL is not set, but its key is", todo)
    try:
        parts = urlsplit(supabase_address(settings.supabase_url))
    except SettingsError as error:
        return Check("E113", subject, Level.ERROR, "SUPABASE_URL is not the project's address", str(error))
    if parts.scheme not in ("http", "https") or not parts.hostname:
        todo = "It should read https://<project>.supabase.co."
        return Check("E113", subject, Level.ERROR, "SUPABASE_URL is not a web address", todo)
    return Check("E112", subject, Level.OK, f"SUPABASE_URL is set ({parts.hostname})")


def _supabase_key(settings: Settings) -> Check:
    subject = "SUPABASE_SERVICE_ROLE_KEY"
    where = "It stands in the project's settings under API keys."
    if settings.supabase_key is None:
        return Check("E114", subject, Level.ERROR, "SUPABASE_SERVICE_ROLE_KEY is not set", where)
    role = key_role(settings.supabase_key.get_secret_value())
    if role not in ("service_role", "unknown"):
        found = f"SUPABASE_SERVICE_ROLE_KEY is the {role} key, which cannot read the videos"
        return Check("E115", subject, Level.ERROR, found, f"Use the service role (secret) key. {where}")
    return Check("E114", subject, Level.OK, "SUPABASE_SERVICE_ROLE_KEY is set")


def _folders(settings: Settings) -> Iterator[Check]:
    if settings.flows_dir is not None and not settings.flows_dir.is_dir():
        found = f"DAILIES_FLOWS names {settings.flows_dir}, which is not a folder"
        yield Check("E120", "DAILIES_FLOWS", Level.ERROR, found, "Create it or leave DAILIES_FLOWS unset.")


def check_database(app: App) -> list[Check]:
    """Asks the database itself: is it there, and is all of the schema in it?"""
    database = app.opened
    if database is None:
        why = app.no_database or "It is still being opened."
        unknown = "It answers, and nobody can tell which table holds the videos"
        found = unknown if app.table_unknown else "The database could not be opened"
        return [Check("E201", "Database", Level.ERROR, found, why)]
    try:
        rows = database.call("dailies_schema")
    except SchemaMissing as error:
        return [
            Check("E201", "Database", Level.OK, f"{database.label} answers"),
            Check("E202", "Schema", Level.ERROR, "The schema of Dailies is not there", str(error)),
        ]
    except DatabaseError as error:
        todo = f"Check that it runs and that its address is right. {' '.join(str(error).split())}"
        return [Check("E201", "Database", Level.ERROR, f"{database.label} does not answer", todo)]
    reachable = Check("E201", "Database", Level.OK, f"{database.label} answers")
    schema = _schema(rows[0])
    if schema.level is not Level.OK:
        return [reachable, schema]
    return [reachable, schema, *_mapping(database), _strangers(database)]


def _mapping(database: Database) -> Iterator[Check]:
    """What of the app's table is not judged, and why no sample can be made."""
    subject, row = "The app's table", mapped(database)
    unknown = {word["word"]: word["n"] for word in row["words"] if word["status"] not in STATUSES}
    if row["row_security"]:
        todo = "That role runs `python -m lib migrate`."
        yield Check("E203", subject, Level.ERROR, HIDES.format(row["relation"]), todo)
    if unknown:
        words = ", ".join(f"{word!r} ({n:,} rows)" for word, n in unknown.items())
        found = f"Status words that are not mapped, so neither stuck nor unfinished: {words}"
        yield Check("E204", subject, Level.WARNING, found, "Say below what they mean.")
    if row["others"] or row["unsaid"]:
        told = ", ".join(f"{name} {n:,}" for name, n in row["others"].items())
        found = f"Rows of other providers are counted and not judged: {told or 'none'}"
        if row["unsaid"]:
            column, rows = row["mapping"]["provider"], row["unsaid"]
            found += f"; where {column} is empty, it counts as Runway's: {rows:,} rows"
        yield Check("E205", subject, Level.NOTE, found)
    if row["required"]:
        names = ", ".join(column["name"] for column in row["required"])
        found = f"Generate cannot work: a new row of {row['relation']} needs {names}"
        todo = "Give it on the page Generate, or under [fixed] in the map."
        yield Check("E206", subject, Level.WARNING, found, todo)
    if not (row["row_security"] or unknown or row["required"]):
        yield Check("E204", subject, Level.OK, f"{row['relation']} is mapped, and every word is known")


def _strangers(database: Database) -> Check:
    """Whether somebody with the app's public key, which every browser has, reaches its rows past the app."""
    subject, rows = "Row security", database.call("dailies_strangers", p_roles=list(_STRANGERS))
    todo = (
        "Switch its row security on in Supabase, with policies that look whose a row is. Dailies needs none:"
        " the service role passes by them."
    )
    is_open = [row for row in rows if row["is_open"]]
    for row in sorted(is_open, key=lambda row: row["action"] == "select"):  # what is worst, first
        is_read = row["action"] == "select"
        does = "read every row" if is_read else f"{row['action']} any row"
        found = f"{_STRANGERS[row['role']]} may {does} of {row['relation']}"
        return Check("E207", subject, Level.WARNING if is_read else Level.ERROR, found, todo)
    policies = sorted({policy for row in rows for policy in row["policies"]})
    rest = f", except as these policies say: {', '.join(policies)}" if policies else ""
    return Check("E207", subject, Level.OK, f"Without the service role nobody reads or writes videos{rest}")


def _schema(row: Row) -> Check:
    missing = row["missing"] or []
    if missing:
        found = f"Missing in the database: {', '.join(missing)}"
        return Check("E202", "Schema", Level.ERROR, found, "Run `python -m lib migrate`.")
    return Check("E202", "Schema", Level.OK, f"The schema is complete (version {row['version']})")


def check_runway(app: App) -> list[Check]:
    """Asks Runway for the organization: free, and proves address and key at once."""
    if app.client is None:
        why = app.no_runway or "It is still being started."
        return [Check("E301", "Runway", Level.ERROR, f"{app.runway_label} could not be started", why)]
    try:
        organization = app.client.organization()
    except RunwayError as error:
        refused = error.cause in ("unauthorized", "missing_api_key")
        code, found = ("E302", "Runway refuses the key") if refused else ("E301", "Runway does not answer")
        return [Check(code, "Runway", Level.ERROR, found, str(error))]
    return [
        Check("E301", "Runway", Level.OK, "Runway answers"),
        _credits(organization, app.settings.runway_model),
    ]


def _credits(organization: Organization, model: str) -> Check:
    balance, price = organization.credit_balance, estimate(model, 5) or 0
    if balance < price:
        found = f"{balance:,} credits are left, a video of 5 s with {model} costs {price}"
        return Check("E303", "Credits", Level.ERROR, found, "Buy credits at dev.runwayml.com.")
    if balance < 20 * price:
        found = f"{balance:,} credits are left: {balance // price} videos of 5 s with {model}"
        return Check("E304", "Credits", Level.WARNING, found, "Buy credits before they run out.")
    return Check("E303", "Credits", Level.OK, f"{balance:,} credits are left")


_PRODUCTION = {
    "missing_api_key": (
        "E401",
        "lacks RUNWAY_API_KEY",
        "Set it in Vercel → Settings → Environment Variables",
    ),
    "unauthorized": ("E402", "sends a key that Runway refuses", "Replace RUNWAY_API_KEY in Vercel"),
    "wrong_endpoint": (
        "E403",
        "calls a wrong address",
        f"Set RUNWAY_BASE_URL to {RUNWAY_BASE_URL} in Vercel",
    ),
}


def check_production(incidents: Iterable[Incident], *, has_logs: bool) -> list[Check]:
    """What the production app's own logs say about its environment. `incidents` of the last 24 hours;
    `has_logs`: whether a line of that time has been read, without which nothing can be said."""
    found = [_production(row) for row in incidents if row["cause"] in _PRODUCTION]
    if found:
        return found
    if not has_logs:
        said = "No logs of it from the last 24 hours were read: a configuration error would not show"
        todo = "Set up a log drain, or read exported logs on the page Stages."
        return [Check("E401", "Production app", Level.NOTE, said, todo)]
    said = "Its logs of the last 24 hours show no configuration error"
    return [Check("E401", "Production app", Level.OK, said)]


def _production(row: Incident) -> Check:
    code, what, todo = _PRODUCTION[row["cause"]]
    deployment = row["deployment_id"] or "A deployment"
    found = f"{deployment} {what}: it hit {row['n']} of {row['videos']} videos until {row['last_at'][:16]}"
    return Check(code, "Production app", Level.ERROR, found, f"{todo}, then redeploy and retry the videos.")
