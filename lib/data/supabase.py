"""The REST transport: a hosted Supabase project, through its own client."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, NamedTuple, TypeVar, cast
from urllib.parse import urlsplit

import httpx
from postgrest.exceptions import APIError
from supabase import ClientOptions, SupabaseException, create_client

from lib.data.database import Row, storable
from lib.data.failures import database_failure
from lib.data.postgres import STATEMENT_SECONDS
from lib.errors import SchemaMissing, SettingsError

T = TypeVar("T")
PIECE = 500  # rows of a table that are read at once
MOST = 1_000  # rows of an answer that are asked for; a project may give fewer
USUAL = ("videos", "video_generations", "generations", "video_tasks", "video_jobs", "clips", "renders")


class ReadingFunctions(NamedTuple):
    """names    of the functions that only read
    at_once  rows that the API gives at most in one answer
    """

    names: frozenset[str]
    at_once: int


class SupabaseDatabase:
    """Thread-safe: calls share one HTTP client and keep no state between them."""

    def __init__(
        self,
        url: str,
        service_key: str,
        *,
        timeout_seconds: float = STATEMENT_SECONDS,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        # no redirect is followed: the key would go with it
        self._http = httpx.Client(timeout=timeout_seconds, follow_redirects=False, transport=transport)
        self._label = f"Supabase {(urlsplit(url).hostname or url).split('.')[0]}"
        options = ClientOptions(httpx_client=self._http, auto_refresh_token=False, persist_session=False)
        try:
            self._client = create_client(url, service_key, options)
        except (SupabaseException, httpx.InvalidURL, ValueError) as error:
            raise SettingsError(
                f"SUPABASE_URL or SUPABASE_SERVICE_ROLE_KEY cannot be used: {error}"
            ) from None

    @property
    def label(self) -> str:
        return self._label

    def call(self, function: str, /, **arguments: Any) -> list[Row]:
        """What only reads is asked again for the rest where an answer is cut off."""
        if function == "dailies_reading":
            return [{"name": name} for name in self._reading.names]
        asked = storable(arguments)
        rows = piece = self._piece(function, asked)
        while len(piece) > 1 and function in self._reading.names and len(piece) >= self._reading.at_once:
            piece = self._piece(function, asked, len(rows))
            rows = rows + piece
        return rows

    @cached_property
    def _reading(self) -> ReadingFunctions:
        piece = self._piece("dailies_reading", {})
        names, at_once = [row["name"] for row in piece], min(len(piece), MOST)
        while piece and names[-1] is not None:
            piece = self._piece("dailies_reading", {}, len(names))
            names += [row["name"] for row in piece]
        return ReadingFunctions(frozenset(filter(None, names)), at_once)

    def _piece(self, function: str, arguments: dict[str, Any], start: int = 0) -> list[Row]:
        query = self._client.rpc(function, arguments)
        query = query.range(start, start + MOST - 1) if start else query
        return cast("list[Row]", self._asked(function, query.execute).data or [])

    def _asked(self, what: str, ask: Callable[[], T]) -> T:
        try:
            return ask()
        except APIError as error:
            message, code = error.message or "no message", str(error.code or "")
            if not code and "api key" in message.lower():  # the gateway in front of PostgREST has no codes
                code = "PGRST301"
            raise database_failure(code, message, what, hint=error.hint) from error
        except httpx.HTTPError as error:
            raise database_failure(None, f"{self._label}: {error}", what) from error

    def tables(self) -> dict[str, dict[str, str]]:
        """The tables of `public` with their columns' types, as the API describes them; where it does not,
        those of USUAL that are there."""
        api = self._client.postgrest
        described = self._asked("tables", lambda: self._http.get(str(api.base_url), headers=api.headers))
        tables = described.json().get("definitions") if described.is_success else None
        if tables is None:
            return {name: {} for name in USUAL if self._has(name)}
        return {
            name: {column: str(each.get("format")) for column, each in table.get("properties", {}).items()}
            for name, table in tables.items()
        }

    def _has(self, table: str) -> bool:
        try:
            self.rows(table, limit=1)
        except SchemaMissing:
            return False
        return True

    def rows(self, table: str, *, order: str | None = None, limit: int) -> list[Row]:
        """The first rows of a table, by `order` the largest first; by the piece, as an answer has an end."""
        found: list[Row] = []
        while len(found) < limit:
            query = self._client.table(table).select("*")
            query = query.order(order, desc=True) if order else query
            last = min(len(found) + PIECE, limit) - 1
            piece = cast("list[Row]", self._asked(table, query.range(len(found), last).execute).data)
            found += piece
            if not piece:
                break
        return found

    def close(self) -> None:
        self._http.close()
