"""The REST transport: a hosted Supabase project, through its own client."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import urlsplit

import httpx
from postgrest.exceptions import APIError
from supabase import ClientOptions, SupabaseException, create_client

from lib.data.database import Row, storable
from lib.data.failures import database_failure
from lib.data.postgres import STATEMENT_SECONDS
from lib.errors import SettingsError


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
        try:
            answer = self._client.rpc(function, storable(arguments)).execute()
        except APIError as error:
            message, code = error.message or "no message", str(error.code or "")
            if not code and "api key" in message.lower():  # the gateway in front of PostgREST has no codes
                code = "PGRST301"
            raise database_failure(code, message, function, hint=error.hint) from error
        except httpx.HTTPError as error:
            raise database_failure(None, f"{self._label}: {error}", function) from error
        return cast("list[Row]", answer.data or [])

    def close(self) -> None:
        self._http.close()
