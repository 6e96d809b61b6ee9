"""Reading a project's logs from Vercel by token.

History comes from the endpoint behind Vercel's own dashboard and command line: requests, newest first, each
with its lines. It is not documented, and its `page` may be ignored: the same page comes again and again.
So pages are asked for by time, each from where the last one ended. The live tail is documented; its rows
carry no request ids, and it ends after five minutes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any, NamedTuple
from urllib.parse import quote

import httpx
import orjson

from lib.domain.times import iso
from lib.errors import DailiesError
from lib.logs.values import Unusable, at_ms

API = "https://api.vercel.com"
DASHBOARD = "https://vercel.com"
SOURCES = "serverless,edge-function,edge-middleware"  # what writes logs
RETRIES = 4
MOST_PAUSE = 30.0
MOST_PAGES_OF_A_MOMENT = 20

Row = Mapping[str, Any]


class VercelError(DailiesError):
    """Vercel did not answer as expected."""


class NoHistory(VercelError):
    """Vercel no longer serves past logs: only the live tail is left."""


class Project(NamedTuple):
    """`deployment_id` is what serves production now; None before the first deployment."""

    id: str
    name: str
    owner_id: str
    deployment_id: str | None


class Page(NamedTuple):
    """Requests of the history that were not in a page before. `lost` says where some could not be read."""

    rows: list[Row]
    lost: str | None = None


class Vercel:
    """Every method raises VercelError, which never names the token."""

    def __init__(
        self,
        token: str,
        *,
        team_id: str | None = None,
        api: str = API,
        dashboard: str = DASHBOARD,
        pause: Callable[[float], object] = time.sleep,
    ) -> None:
        self._team = {"teamId": team_id} if team_id else {}
        self._api = api
        self._dashboard = dashboard
        self._pause = pause
        self._http = httpx.Client(
            headers={"authorization": f"Bearer {token}"}, timeout=httpx.Timeout(30, connect=10)
        )

    def close(self) -> None:
        self._http.close()

    def project(self, id_or_name: str) -> Project:
        answer = self._get(
            f"{self._api}/v9/projects/{quote(id_or_name, safe='')}", self._team, f"project {id_or_name}"
        )
        production = (answer.get("targets") or {}).get("production") or {}
        try:
            return Project(answer["id"], answer["name"], answer["accountId"], production.get("id"))
        except KeyError as error:
            raise VercelError(f"Vercel's answer about project {id_or_name} lacks {error}.") from None

    def history(self, project: Project, since_ms: int, until_ms: int) -> Iterator[Page]:
        """The requests from `since_ms` up to `until_ms`, newest first. One that still runs is there without
        its last lines."""
        end, seen, moments = until_ms, set[str](), set[int]()
        while end >= since_ms:
            rows, has_more = self._page(project, since_ms, end)
            yield Page(_unseen(rows, seen))
            if not has_more or not rows:
                return
            oldest = min(map(_time, rows))
            if oldest + 1 < end:
                end = oldest + 1  # whether `endDate` counts itself is not documented
                continue
            if oldest not in moments:  # a page of one moment: what else is of it stands on further pages
                moments.add(oldest)
                yield from self._rest_of_moment(project, oldest, seen)
            end -= 1

    def _rest_of_moment(self, project: Project, moment: int, seen: set[str]) -> Iterator[Page]:
        for number in range(1, MOST_PAGES_OF_A_MOMENT):
            rows, has_more = self._page(project, moment, moment + 1, number)
            fresh = _unseen(rows, seen)
            yield Page(fresh)
            if not has_more:
                return
            if not fresh:
                break
        yield Page([], f"More requests began at {iso(moment)} than Vercel gives out: some are not read.")

    def _page(
        self, project: Project, since_ms: int, until_ms: int, number: int = 0
    ) -> tuple[list[Row], bool]:
        query = {
            "projectId": project.id,
            "ownerId": project.owner_id,
            "page": str(number),
            "startDate": str(since_ms),
            "endDate": str(until_ms),
            "source": SOURCES,
        }
        try:
            answer = self._get(f"{self._dashboard}/api/logs/request-logs", query, "the history of logs")
        except NotThere as error:
            raise NoHistory from error
        rows = answer.get("rows")
        if not isinstance(rows, list):
            raise VercelError("Vercel's history of logs has another form than Dailies knows.")
        return [row for row in rows if isinstance(row, dict)], answer.get("hasMoreRows") is True

    def tail(self, project: Project) -> Iterator[Row]:
        """Rows as they are written, until Vercel ends the tail."""
        if project.deployment_id is None:
            raise VercelError(f"Project {project.name} has no production deployment to follow.")
        path = f"/v1/projects/{project.id}/deployments/{project.deployment_id}/runtime-logs"
        try:
            with self._http.stream(
                "GET", self._api + path, params=self._team, timeout=httpx.Timeout(60, read=330)
            ) as answer:
                _check(answer, "the live tail")
                for line in answer.iter_lines():
                    with suppress(orjson.JSONDecodeError):  # what keeps the connection alive is no row
                        row = orjson.loads(line)
                        if isinstance(row, dict) and row.get("rowId"):  # its end has none
                            yield row
        except httpx.HTTPError as error:
            raise VercelError(f"The live tail broke off ({type(error).__name__}).") from None

    def _get(self, url: str, query: Mapping[str, str], what: str) -> dict[str, Any]:
        """Asks again where Vercel says so, or where a later answer may differ."""
        for left in reversed(range(RETRIES + 1)):
            try:
                answer = self._http.get(url, params=query)
            except httpx.HTTPError as error:
                if not left:
                    raise VercelError(f"Vercel could not be reached ({type(error).__name__}).") from None
                self._pause(2.0 ** (RETRIES - left))
                continue
            if left and (answer.status_code == 429 or answer.status_code >= 500):
                asked = answer.headers.get("retry-after", "")
                self._pause(min(float(asked) if asked.isdigit() else 2.0 ** (RETRIES - left), MOST_PAUSE))
                continue
            _check(answer, what)
            try:
                body = orjson.loads(answer.content)
            except orjson.JSONDecodeError:
                body = None
            if not isinstance(body, dict):
                raise VercelError(f"Vercel's answer about {what} is no JSON object.")
            return body
        raise AssertionError("the last answer is returned or raised")


class NotThere(VercelError):
    """404 or 410."""


def _check(answer: httpx.Response, what: str) -> None:
    status = answer.status_code
    if status in (401, 403):
        raise VercelError(
            f"Vercel refuses {what} ({status}). Check VERCEL_TOKEN, and VERCEL_TEAM_ID where a team owns it."
        )
    if status in (404, 410):
        raise NotThere(f"Vercel does not know {what} ({status}). Check VERCEL_PROJECT_ID and VERCEL_TEAM_ID.")
    if status != 200:
        raise VercelError(f"Vercel answered {status} about {what}.")


def _unseen(rows: list[Row], seen: set[str]) -> list[Row]:
    fresh = [row for row in rows if row.get("requestId") not in seen]
    seen.update(row["requestId"] for row in fresh if row.get("requestId"))
    return fresh


def _time(row: Row) -> int:
    try:
        return at_ms(row.get("timestamp"))
    except Unusable:
        raise VercelError("A request in Vercel's history of logs has no time.") from None
