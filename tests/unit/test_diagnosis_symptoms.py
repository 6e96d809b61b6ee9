"""What error texts mean, in the words of SDKs, HTTP, Node, Postgres and the platform."""

from __future__ import annotations

import pytest

from lib.domain.diagnosis.symptoms import http_status, read_error, read_task_failure


@pytest.mark.parametrize("text", ["", "(node:4) DeprecationWarning: punycode", "undefined"])
def test_a_text_without_meaning_speaks_for_nothing(text: str) -> None:
    assert read_error(text) is None


@pytest.mark.parametrize(
    "text",
    [
        'Could not retrieve Runway task 7d1c: NotFoundError: 404 {"error":"Not found"}',
        "Error checking video status: NotFoundError: 404 status code (no body)",
        "[poll] GET https://api.dev.runwayml.com/v1/tasks/7d1c2b3a responded with 404",
        'Runway API error: 404 - {"error":"Task not found"}',
        "runway: task 7d1c2b3a-1111-4222-8333-444455556666 does not exist",
        "Runway says: no such task",
        "Request failed with status code 404 while polling Runway",
        "tasks.retrieve failed: NotFoundError",
        "Runway task has been deleted",
    ],
)
def test_a_task_that_is_not_found_is_unknown_to_this_key_and_no_wrong_address(text: str) -> None:
    symptom = read_error(text)
    assert symptom is not None
    assert (symptom.cause, symptom.refusal) == ("cancelled", False)


@pytest.mark.parametrize(
    "text",
    [
        "POST https://api.dev.runwayml.com/v1/image-to-video 404 (Not Found)",
        'Error creating Runway task for video 8: NotFoundError: 404 {"error":"Not found"}',
        "Runway: creating the task for reel 9 failed, 404 Not Found. Check the base URL.",
    ],
)
def test_a_creation_that_is_not_found_has_a_wrong_address(text: str) -> None:
    symptom = read_error(text)
    assert symptom is not None
    assert symptom.cause == "wrong_endpoint"


def test_a_status_or_class_states_the_cause_and_wording_only_suggests_it() -> None:
    for text, direct in (("RateLimitError: 429 x", True), ("Too many requests", False)):
        symptom = read_error(text)
        assert symptom is not None
        assert symptom.direct is direct


@pytest.mark.parametrize(
    ("text", "speaker"),
    [
        (
            'BadRequestError: 400 {"error":"Failed to fetch asset. https://x.supabase.co/storage/v1/object/a.png"}',
            "runway",
        ),
        ('null value in column "title": Failing row contains (7, Validation of body failed)', "database"),
        ("Failed to save the reel to storage: duplicate key value", "storage"),
        ("[Runway API] Error: FATAL: Tenant or user not found", "database"),
        ("Runway API error (told by the Discord bot): 503", "runway"),
        ("Saving what Runway answered failed: Supabase 503", "database"),
    ],
)
def test_the_first_that_speaks_in_words_of_its_own_has_failed_and_a_name_only_where_nobody_does(
    text: str, speaker: str
) -> None:
    symptom = read_error(text)
    assert symptom is not None
    assert symptom.speaker == speaker


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
        ("Task failed with INPUT_PREPROCESSING.SAFETY.TEXT", "moderated"),
        ("failureCode: THIRD_PARTY.INPUT_VALIDATION", "invalid_request"),
        ("Failed to upload the reel to storage: 403", "storage_failed"),
        ("Failed to download the reel: 404 Not Found", "service_failed"),
        ("canceling statement due to statement timeout", "database_write_failed"),
        ("Task timed out after 60 seconds", "function_timeout"),
        ("Polling failed: 404 Not Found", "cancelled"),
        ("  ", None),
    ],
)
def test_the_text_of_a_row_whose_task_had_begun_tells_runways_failure_from_what_came_after(
    text: str, cause: str | None
) -> None:
    assert read_task_failure(text) == cause


@pytest.mark.parametrize(
    "text",
    [
        'Runway API error: 401 {"error":"Invalid or missing API key"}',
        'AuthenticationError: 401 {"error":"Missing or invalid API key"}',
        "Runway: invalid or missing API key",
    ],
)
def test_who_leaves_open_whether_the_key_is_wrong_or_missing_has_refused_it(text: str) -> None:
    symptom = read_error(text)
    assert symptom is not None
    assert symptom.cause == "unauthorized"
