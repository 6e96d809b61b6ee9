"""Runway's refusals and broken connections as lib.errors.RunwayError: the one place that maps them.

What matters most is `outcome_unknown`: may a task exist, and cost credits, although no id came back? It can
only be true of a creation, the one call that is paid. Runway has no idempotency key and cannot list tasks,
so a wrong "no" pays twice and loses a task, while a wrong "yes" costs a person one decision. Hence:

before it was sent   connection, TLS or proxy not established, no free connection        → no task
4xx                  Runway read the request and refused it (409 too: a conflict is one)  → no task
408                  Runway does not document it; gateways send it for slow servers too   → unknown
5xx                  a gateway's 502, 503 or 504 can follow a request that was carried out,
                     and a 500 can come after the task was stored                         → unknown
2xx without an id    the request was accepted, the answer is damaged                      → unknown
anything else        time-out or connection lost after the first byte was sent            → unknown
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

import httpx

from lib.domain.cause import CAUSES, Trait
from lib.domain.diagnosis.symptoms import cause_of_answer
from lib.errors import RunwayError

_NEVER_SENT = (
    httpx.ConnectError,  # refused, no such host, TLS failure
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
)
_TEXT_LIMIT = 400
_AT_RISK = " A task may exist all the same."


class Call(NamedTuple):
    """A call for its errors: `doing` begins their messages (`Looking up task 1f0e…`)."""

    doing: str
    creates: bool = False
    names_task: bool = False  # then a 404 in Runway's own words speaks of the task, not of the address


def status_error(response: httpx.Response, call: Call) -> RunwayError:
    """The error of an answer that is not 2xx."""
    status = response.status_code
    text = answer_text(response)
    cause = cause_of_answer(status, text)
    if status == 404 and call.names_task and text:
        cause = "cancelled"
    outcome_unknown = call.creates and (status == 408 or status >= 500)
    return RunwayError(
        f"{call.doing}: Runway answered {status}{': ' + text if text else ''}.{_AT_RISK * outcome_unknown}",
        cause=cause,
        permanent=Trait.TRANSIENT not in CAUSES[cause].traits,
        outcome_unknown=outcome_unknown,
        status=status,
        retry_after=_retry_after(response.headers.get("retry-after")),
    )


def connection_error(error: BaseException | None, call: Call) -> RunwayError:
    """The error of a request that got no answer; `error` is httpx's."""
    if isinstance(error, _NEVER_SENT):
        kind = type(error).__name__
        return RunwayError(
            f"{call.doing}: no connection to Runway could be made ({kind}). Nothing was sent.",
            cause="runway_unreachable",
        )
    late = isinstance(error, httpx.TimeoutException)
    problem = "Runway did not answer in time" if late else "the connection to Runway broke off"
    return RunwayError(
        f"{call.doing}: {problem}.{_AT_RISK * call.creates}",
        cause="runway_unreachable",
        outcome_unknown=call.creates,
    )


def unsendable(call: Call) -> RunwayError:
    """The error of a request that cannot be written as JSON."""
    text = f"{call.doing}: the request holds characters that cannot be sent. Nothing was sent."
    return RunwayError(text, cause="invalid_request", permanent=True)


def malformed_answer(response: httpx.Response, call: Call) -> RunwayError:
    """The error of a 2xx answer that cannot be understood, or of a creation's answer without an id."""
    lacking = "without a task id" if call.creates else "with something that cannot be read"
    return RunwayError(
        f"{call.doing}: Runway answered {response.status_code} {lacking}.{_AT_RISK * call.creates}",
        cause="no_task_id" if call.creates else "runway_server_error",
        outcome_unknown=call.creates,
        status=response.status_code,
    )


def json_object(response: httpx.Response) -> Mapping[str, Any] | None:
    """The body as a JSON object; None when it is anything else."""
    try:
        body = json.loads(response.content)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def salvaged_id(response: httpx.Response) -> Mapping[str, Any]:
    """The id in a creation's body that is no JSON, torn off behind it for example: it is too dear to lose."""
    found = re.search(r'"id"\s*:\s*"([\w-]+)"', response.text)
    return {"id": found[1]} if found else {}


def answer_text(response: httpx.Response) -> str:
    """What Runway says of a refusal, in one line, short, and without any key it may quote."""
    body = json_object(response) or {}
    issues = body.get("issues")
    said = [body.get("error"), *(map(_issue_text, issues) if isinstance(issues, list) else ())]
    text = "; ".join(part.strip().rstrip(".") for part in said if isinstance(part, str))
    text = re.sub(r"key_\w+", "key_…", " ".join(text.split()))
    return text if len(text) <= _TEXT_LIMIT else text[:_TEXT_LIMIT] + "…"


def _issue_text(issue: Any) -> str | None:
    if not isinstance(issue, Mapping):
        return None
    path = issue.get("path")
    where = ".".join(map(str, path)) if isinstance(path, list) else ""
    return f"{where}: {issue.get('message')}" if where else str(issue.get("message"))


def _retry_after(value: str | None) -> float | None:
    """Seconds to wait, from a `Retry-After` header in seconds or as a date."""
    if not value:
        return None
    if re.fullmatch(r"\d+(\.\d+)?", value):
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return None
