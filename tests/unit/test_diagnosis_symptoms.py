"""What error texts mean, in the words of SDKs, HTTP, Node, Postgres and the platform."""

from __future__ import annotations

import pytest

from lib.domain.cause import CAUSES
from lib.domain.diagnosis.symptoms import http_status, read_error, read_task_failure

TEXTS = {
    "missing_api_key": [
        "RUNWAY_API_KEY is not set. Please configure it in your environment variables.",
        "RunwayMLError: The RUNWAYML_API_SECRET environment variable is missing or empty; either provide it",
        "Missing Runway API key",
        "Error: RUNWAY_API_KEY environment variable is required",
    ],
    "unauthorized": [
        'AuthenticationError: 401 {"error":"The API key you provided is invalid."}',
        "[Runway API] Response status: 401 Unauthorized",
        "Your API key is not valid.",
        "PermissionDeniedError: 403 status code (no body)",
        "Invalid API key",
    ],
    "wrong_endpoint": [
        "Not found",
        "[Runway API] Response status: 405 Method Not Allowed",
        'NotFoundError: 404 {"error":"Not found"}',
        "Cannot POST /v2/image-to-video",
    ],
    "runway_unreachable": [
        "TypeError: fetch failed\n  [cause]: Error: getaddrinfo ENOTFOUND api.runway.internal",
        "APIConnectionError: Connection error.",
        "APIConnectionTimeoutError: Request timed out.",
        "Failed to connect to Runway API at https://r.test/v1. Error: fetch failed",
        "connect ECONNREFUSED 127.0.0.1:443",
        "Error: unable to verify the first certificate",
        "socket hang up",
        "SocketError: other side closed",
        "HeadersTimeoutError: Headers Timeout Error (UND_ERR_HEADERS_TIMEOUT)",
    ],
    "invalid_request": [
        "Invalid asset dimensions. Width / height ratio must be at most 2.358.",
        'BadRequestError: 400 {"error":"Validation of body failed","issues":[]}',
        "UnprocessableEntityError: 422 bad ratio",
        "[Runway API] Response status: 413 Payload Too Large",
        "promptText: String must contain at most 1000 character(s)",
    ],
    "insufficient_credits": [
        'BadRequestError: 400 {"error":"You do not have enough credits to run this task."}',
        "Insufficient credits",
        "402 Payment Required",
    ],
    "rate_limited": [
        'RateLimitError: 429 {"error":"Too many requests"}',
        "You have reached the daily task limit for this model.",
        "Rate limit exceeded",
    ],
    "runway_server_error": [
        'InternalServerError: 502 {"error":"An internal error occurred."}',
        "[Runway API] Response status: 503 Service Unavailable",
        "An internal error occurred.",
        "504 Gateway Timeout",
    ],
    "no_task_id": [
        "Runway API did not return a task ID",
        "[Runway API] ERROR: No video ID found in SDK response!",
    ],
    "moderated": ['BadRequestError: 400 {"error":"This was flagged by content moderation."}'],
    "database_write_failed": [
        "Failed to update video status: Could not query the database for the schema cache. Retrying.",
        "Failed to save runway_video_id: TypeError: fetch failed",
        "[Video Generation] FAILED to save runway_video_id: {\n  code: 'PGRST204' }",
        "{ code: '57014', message: 'canceling statement due to statement timeout' }",
        'new row violates row-level security policy for table "videos"',
        'duplicate key value violates unique constraint "videos_pkey"',
        "remaining connection slots are reserved",
        "Error updating video: permission denied for table videos",
        'invalid input value for enum video_status: "queued"',
    ],
    "function_timeout": [
        "Vercel Runtime Timeout Error: Task timed out after 60 seconds",
        "504: FUNCTION_INVOCATION_TIMEOUT",
    ],
    "function_terminated": [
        "FUNCTION_INVOCATION_FAILED",
        "RequestId: 1 Error: Runtime exited with error: signal: killed",
        "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory",
    ],
}


@pytest.mark.parametrize(("cause", "text"), [(c, t) for c, texts in TEXTS.items() for t in texts])
def test_an_error_text_speaks_for_its_cause(cause: str, text: str) -> None:
    symptom = read_error(text)
    assert symptom is not None
    assert symptom.cause == cause
    assert cause in CAUSES


@pytest.mark.parametrize("text", ["", "(node:4) DeprecationWarning: punycode", "undefined"])
def test_a_text_without_meaning_speaks_for_nothing(text: str) -> None:
    assert read_error(text) is None


@pytest.mark.parametrize(
    ("text", "uncertain"),
    [
        ("fetch failed: ECONNREFUSED", False),
        ("getaddrinfo ENOTFOUND r.test", False),
        ("APIConnectionError: Connection error. cause: bad port", False),
        ("APIConnectionError: Connection error.", True),
        ("SocketError: other side closed", True),
        ("Request timed out.", True),
    ],
)
def test_only_a_connection_that_was_never_made_proves_that_nothing_was_created(
    text: str, uncertain: bool
) -> None:
    symptom = read_error(text)
    assert symptom is not None
    assert symptom.uncertain is uncertain


def test_a_status_or_class_states_the_cause_and_wording_only_suggests_it() -> None:
    for text, direct in (("RateLimitError: 429 x", True), ("Too many requests", False)):
        symptom = read_error(text)
        assert symptom is not None
        assert symptom.direct is direct


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("BadRequestError: 400 {", 400),
        ('502 {"error":"x"}', 502),
        ("  status: 429,\n", 429),
        ("Request failed with status code 503", 503),
        ("errorMessage: '401 {", 401),
        ("Response status: 200 OK", None),
        ("took 404 ms", None),
    ],
)
def test_the_status_that_a_text_reports_is_read(text: str, status: int | None) -> None:
    assert http_status(text) == status


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("This request was flagged by our content moderation system.", "moderated"),
        ("Failed to fetch the input asset.", "asset_rejected"),
        ("The image could not be read", "asset_rejected"),
        ("An unexpected error occurred.", "generation_failed"),
        ("  ", None),
    ],
)
def test_the_text_of_a_tasks_failure_is_read(text: str, cause: str | None) -> None:
    assert read_task_failure(text) == cause
