"""Addresses as people have them, from dashboards and other programs: read, or refused in words.

No message repeats any part of an address that may hold a password.
"""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from psycopg import pq

from lib.errors import SettingsError

_ESCAPES = "@ as %40, # as %23, / as %2F, ? as %3F, : as %3A, % as %25"
_PLACEHOLDER = re.compile(
    r"(?:[\[<{]|%5B)[\w -]{0,30}password[\w -]{0,10}(?:[\]>}]|%5D)|:your[-_ ]?password@", re.I
)
_LOOSE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_PROJECT = re.compile(r"[a-z0-9]{8,40}")


def postgres_address(text: str) -> str:
    """A Postgres address as libpq takes it: without what only Prisma, a pooler or Vercel know.

    Raises SettingsError saying what is wrong with it.
    """
    scheme, found, body = text.strip().strip("\"'").partition("://")
    if not found or scheme.partition("+")[0] not in ("postgres", "postgresql"):
        raise SettingsError(
            "DATABASE_URL is not a Postgres address such as postgresql://user:password@host:5432/database."
        )
    if _PLACEHOLDER.search(body):
        raise SettingsError(
            "DATABASE_URL still has its placeholder where the password belongs. Put the database's password "
            "there (Supabase: Settings > Database > Reset database password, if nobody knows it)."
        )
    user, at, rest = body.rpartition("@")
    password = user.partition(":")[2]
    if password.startswith("[") and password.endswith("]"):
        raise SettingsError("Take away the square brackets around the password in DATABASE_URL.")
    if any(mark in user for mark in "@/?#[] ") or _LOOSE_PERCENT.search(password):
        raise SettingsError(
            f"The password in DATABASE_URL has a character that must be escaped in an address: {_ESCAPES}."
        )
    place, _, query = rest.partition("?")
    host, _, database = place.partition("/")
    port = host.rpartition(":")[2] if ":" in host and not host.endswith("]") else "5432"
    if not port.isdigit() or "#" in place:
        raise SettingsError(f"DATABASE_URL cannot be read after the @. Is the password escaped? {_ESCAPES}.")
    known = {option.keyword.decode() for option in pq.Conninfo.get_defaults()}
    kept = [(name, value) for name, value in parse_qsl(query) if name in known]
    return f"postgresql://{user}{at}{host}/{database}" + (
        f"?{urlencode(kept, quote_via=quote)}" if kept else ""
    )


def supabase_address(text: str) -> str:
    """The address of a project's API, without a path. Raises SettingsError saying what to set instead."""
    parts = urlsplit(text.strip().strip("\"'"))
    host = parts.hostname or ""
    if host in ("supabase.com", "app.supabase.com", "www.supabase.com"):
        steps = parts.path.split("/")
        project = steps[steps.index("project") + 1] if "project" in steps[:-1] else ""
        known = project if _PROJECT.fullmatch(project) else "<project>"
        raise SettingsError(
            f"SUPABASE_URL is the address of Supabase's dashboard. Set it to https://{known}.supabase.co."
        )
    if parts.scheme in ("postgres", "postgresql"):
        raise SettingsError("SUPABASE_URL is a Postgres address: set DATABASE_URL to it instead.")
    if host.startswith("db.") and host.endswith(".supabase.co"):
        raise SettingsError(
            f"SUPABASE_URL is the address of the database. Set it to https://{host.removeprefix('db.')}."
        )
    path = re.sub(r"/(?:rest|auth|storage)/v1/?$|/$", "", parts.path)
    return parts._replace(path=path, query="", fragment="").geturl()


def key_role(key: str) -> str:
    """`service_role`, `anon` or `publishable` as far as the key tells; `unknown` otherwise."""
    if key.startswith("sb_"):
        return {"secret": "service_role", "publishable": "publishable"}.get(key.split("_")[1], "unknown")
    try:
        body = key.split(".")[1]
        return str(json.loads(urlsafe_b64decode(body + "=" * (-len(body) % 4)))["role"])
    except (IndexError, ValueError, KeyError, TypeError):
        return "unknown"
