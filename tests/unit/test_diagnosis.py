"""Verdicts: each rule with the story it decides, and the one thing to do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

import pytest

from lib.domain.attempt import Attempt
from lib.domain.cause import CAUSES, Action, Side
from lib.domain.diagnosis import RULES, Confidence, Source, Verdict, judge
from lib.domain.diagnosis.known_rules import row_succeeded
from lib.domain.diagnosis.run_rules import nothing_decides
from lib.domain.repair import assess
from lib.domain.task import Task
from lib.domain.trace import LogEntry, RequestSummary
from lib.domain.video import Video
from lib.operations.dossiers import dossiers_of_files
from lib.traces.correlate import correlate
from tests.apps import app_of
from tests.stories import (
    ANNA,
    ANNAS_TASK,
    BELA,
    BELAS_TASK,
    FLOWS,
    READER,
    START,
    dossier,
    error,
    line,
    ms,
    row,
    run,
    without_requests,
)

SAVED = row(runway_video_id=ANNAS_TASK)
FAILED = "[Video Generation] Error creating Runway task for video " + ANNA + ": "
CHECKING = line(f"[Runway API] Checking video status for task ID: {ANNAS_TASK}", 30, "req-poll")
CHECK_FAILED = error("[Runway API] Error checking video status: InternalServerError: 500 {}", 31, "req-poll")


class Judged(NamedTuple):
    rule: str
    cause: str
    action: Action
    verdict: Verdict


def judged(
    video: Video,
    entries: Iterable[LogEntry] = (),
    *,
    task: Task | None = None,
    attempts: Sequence[Attempt] = (),
    requests: Iterable[RequestSummary] = (),
    after: timedelta = timedelta(hours=1),
) -> Judged:
    known = dossier(video, entries, requests, tasks=[task] if task else [], attempts=attempts, after=after)
    verdict, repair = assess(known)
    return Judged(verdict.rule, verdict.cause, repair.action, verdict)


def task(status: str, **more: Any) -> Task:
    return Task(ANNAS_TASK, status, **more)


def attempt(state: str, **more: Any) -> Attempt:
    values = {
        "id": "00000000-0000-4000-8000-000000000001",
        "video_id": ANNA,
        "key": "k",
        "number": 1,
        "previous_id": None,
        "state": state,
        "operator": "olga",
        "request": {"image": "https://images.example.com/rex.jpg"},
        "credits": 40,
        "task_id": None,
        "reason": None,
        "cause": None,
        "claimed_at": START,
        "sent_at": START,
        "settled_at": None,
    }
    return Attempt.from_row(values | more)


def stopped(stages: int, *errors: str, flow: str = "sync-sdk") -> list[LogEntry]:
    """A run that logged `errors` after its first `stages` lines."""
    return [*run(flow, stages=stages), *(error(text, 2 + i) for i, text in enumerate(errors))]


def check(status: str, at: float = 31, **more: str) -> list[LogEntry]:
    said = "".join(f",\n  {name}: '{value}'" for name, value in more.items())
    answer = f"[Runway API] Task status response: {{\n  id: '{ANNAS_TASK}',\n  status: '{status}'{said}\n}}"
    return [CHECKING, line(answer, at, "req-poll")]


STORIES: dict[str, tuple[Judged, str, str]] = {
    "row_succeeded": (judged(row(status="succeeded", video_url="https://x")), "succeeded", "none"),
    "row_cancelled": (judged(row(status="cancelled")), "cancelled", "ask"),
    "attempt_on_its_way": (
        judged(row(), attempts=[attempt("sent")], after=timedelta(minutes=1)),
        "in_progress",
        "wait",
    ),
    "attempt_settled": (
        judged(row(status="failed"), attempts=[attempt("refused", cause="unauthorized", reason="401")]),
        "unauthorized",
        "retry",
    ),
    "run_still_going": (
        judged(row(), run("sync-sdk", stages=8), after=timedelta(minutes=1)),
        "in_progress",
        "wait",
    ),
    "id_in_the_logs_only": (
        judged(row(status="failed"), stopped(10, FAILED + "RateLimitError: 429 Too many requests")),
        "task_id_not_saved",
        "recover",
    ),
    "saving_the_id_failed": (
        judged(row(status="failed", error_message="Failed to save runway_video_id: fetch failed")),
        "task_id_not_saved",
        "ask",
    ),
    "row_refused_the_outcome": (
        judged(SAVED, task=task("SUCCEEDED", row_problem="violates check constraint")),
        "database_write_failed",
        "look_up",
    ),
    "task_ended_badly": (
        judged(
            row(status="failed", runway_video_id=ANNAS_TASK),
            task=task("FAILED", failure_code="SAFETY.INPUT.IMAGE"),
        ),
        "moderated",
        "change_input",
    ),
    "task_done_but_checks_fail": (
        judged(SAVED, [CHECKING, CHECK_FAILED], task=task("SUCCEEDED")),
        "polling_failing",
        "look_up",
    ),
    "task_done_but_the_logs_end_in_an_error": (
        judged(
            SAVED,
            [*run("sync-sdk"), error(f"Consulta de {ANNA}: fetch failed", 40, "req-a")],
            task=task("SUCCEEDED"),
        ),
        "polling_failing",
        "look_up",
    ),
    "task_done_and_nobody_asked": (
        judged(SAVED, run("sync-sdk"), task=task("SUCCEEDED")),
        "never_polled",
        "look_up",
    ),
    "task_under_way": (judged(SAVED, task=task("THROTTLED")), "throttled", "wait"),
    "check_said_it_ended_badly": (
        judged(
            row(status="failed", runway_video_id=ANNAS_TASK), check("FAILED", failureCode="ASSET.INVALID")
        ),
        "asset_rejected",
        "look_up",
    ),
    "check_found_no_task": (
        judged(
            SAVED, [CHECKING, error("Error checking video status: NotFoundError: 404 {}", 31, "req-poll")]
        ),
        "cancelled",
        "look_up",
    ),
    "checks_fail": (judged(SAVED, [CHECKING, CHECK_FAILED]), "polling_failing", "look_up"),
    "row_failed_after_the_task_began": (
        judged(
            row(status="failed", runway_video_id=ANNAS_TASK, error_message="Failed to fetch the input asset.")
        ),
        "asset_rejected",
        "look_up",
    ),
    "check_said_under_way": (
        judged(SAVED, check("RUNNING"), after=timedelta(minutes=2)),
        "in_progress",
        "wait",
    ),
    "id_saved_and_no_word_since": (judged(SAVED, run("sync-sdk")), "never_polled", "look_up"),
    "answer_without_id": (
        judged(row(status="failed"), stopped(8, FAILED + "Error: Runway API did not return a task ID")),
        "no_task_id",
        "ask",
    ),
    "run_failed": (
        judged(row(status="failed"), stopped(8, FAILED + "AuthenticationError: 401 {}")),
        "unauthorized",
        "retry",
    ),
    "platform_ended_the_request": (
        judged(row(), stopped(8), requests=[RequestSummary("req-a", ms(60), "POST", "/api", 504)]),
        "function_timeout",
        "ask",
    ),
    "key_seen_missing": (
        judged(
            row(), [*run("async-sdk", stages=1), line("[Video Generation] { hasRunwayApiKey: false }", 1)]
        ),
        "missing_api_key",
        "fix_first",
    ),
    "run_ended_without_a_word": (
        judged(row(), run("async-sdk", stages=4)),
        "function_terminated",
        "retry",
    ),
    "checked_but_never_begun": (
        judged(row(), [line(f"Video {ANNA} is processing but no runway_video_id found.", 9, "p", "warning")]),
        "function_terminated",
        "ask",
    ),
    "nothing_decides": (judged(row()), "unknown", "ask"),
}


@pytest.mark.parametrize("rule", STORIES)
def test_the_story_of_a_rule_is_decided_by_it(rule: str) -> None:
    story, cause, action = STORIES[rule]
    assert (story.rule, story.cause, story.action) == (rule, cause, action)
    assert story.verdict.evidence


def test_an_error_of_saving_the_id_is_no_failed_check_once_the_id_is_saved() -> None:
    refused = error(f'{ANNA}: new row violates row-level security policy for table "videos"', 40, "req-a")
    story = judged(SAVED, [*run("sync-sdk"), refused], task=task("SUCCEEDED"))
    assert story.cause == "never_polled"


def test_every_rule_has_a_story_and_a_sentence() -> None:
    told_elsewhere = {"some_id_in_the_logs", "task_done_but_nameless_checks_fail"}
    assert {rule.name for rule in RULES} == set(STORIES) | told_elsewhere
    for rule in RULES:
        assert rule.explanation.endswith(".")
        assert rule.explanation[0].isupper()


def test_the_row_comes_first_and_not_knowing_last() -> None:
    assert RULES[0].test is row_succeeded
    assert RULES[-1].test is nothing_decides


def test_a_run_that_ends_with_an_error_nobody_can_read_did_not_just_stop() -> None:
    said = "ERROR generation failed: the hamster is asleep"
    story = judged(row(), [*run("async-sdk", stages=4), error(said, 9, "req-a")])
    assert story.cause == "unknown"
    assert said in [each.text for each in story.verdict.evidence]
    warned = judged(row(), [*run("async-sdk", stages=4), error("(node:4) Warning: slow", 9, "req-a")])
    assert warned.cause == "function_terminated"
    all_on_stderr = [entry._replace(level="error") for entry in run("async-sdk", stages=4)]
    assert judged(row(), all_on_stderr).cause == "function_terminated"


@pytest.mark.parametrize("flow", FLOWS)
def test_a_recoverable_id_is_this_videos_and_never_the_rows(flow: str) -> None:
    assert judged(row(status="failed"), run(flow)).verdict.recoverable_runway_id == ANNAS_TASK
    assert judged(SAVED, run(flow)).verdict.recoverable_runway_id is None
    assert judged(row(), run(flow, BELA, BELAS_TASK)).verdict.recoverable_runway_id is None


def test_a_task_in_another_row_is_never_recovered_whatever_the_logs_say() -> None:
    rows = [row(ANNA, "failed"), row(BELA, "succeeded", runway_video_id=ANNAS_TASK)]
    moment = START + timedelta(hours=1)
    anna, _ = dossiers_of_files(
        app_of(), rows, correlate(run("sync-sdk", stages=10), (), rows, READER), (), moment
    )
    assert judge(anna).recoverable_runway_id is None


def test_an_id_lost_by_an_earlier_try_is_found_behind_a_later_failure() -> None:
    again = [
        *run("sync-sdk", stages=8, begin=90, request="req-2"),
        error(FAILED + "429 Too many requests", 99, "req-2"),
    ]
    verdict = judged(row(status="failed"), [*stopped(10, FAILED + "500 {}"), *again]).verdict
    assert verdict.cause == "task_id_not_saved"
    assert verdict.recoverable_runway_id == ANNAS_TASK


def test_two_readings_of_a_text_are_both_said_and_none_is_chosen() -> None:
    def lost(video: str, its_task: str, begin: float) -> list[LogEntry]:
        failed = (
            f"[Video Generation] Error in async video generation for video {video}: Error: Too many requests"
        )
        return [*run("async-sdk", video, its_task, stages=11, begin=begin), error(failed, begin + 50)]

    rows = [row(ANNA, "failed"), row(BELA, "failed")]
    text = without_requests(lost(ANNA, ANNAS_TASK, 0), lost(BELA, BELAS_TASK, 0.05))
    for known in dossiers_of_files(
        app_of(), rows, correlate(text, (), rows, READER), (), START + timedelta(hours=1)
    ):
        verdict, repair = assess(known)
        assert verdict.rule == "some_id_in_the_logs"
        assert verdict.cause == "task_id_not_saved"
        assert verdict.recoverable_runway_id is None
        assert set(verdict.candidate_runway_ids) == {ANNAS_TASK, BELAS_TASK}
        assert repair.action is Action.ASK
        assert set(repair.task_ids) == {ANNAS_TASK, BELAS_TASK}


def test_failing_checks_that_name_nobody_count_where_they_are_enough_for_every_waiting_video() -> None:
    errors = [error("Error checking video status with Runway API: Error: x", at, f"p{at}") for at in (60, 61)]
    rows = [row(ANNA, runway_video_id=ANNAS_TASK), row(BELA, runway_video_id=BELAS_TASK)]
    tasks = [Task(each, "SUCCEEDED") for each in (ANNAS_TASK, BELAS_TASK)]
    moment = START + timedelta(hours=1)
    both = map(judge, dossiers_of_files(app_of(), rows, correlate(errors, (), rows, READER), tasks, moment))
    assert {verdict.rule for verdict in both} == {"task_done_but_nameless_checks_fail"}
    one = map(
        judge, dossiers_of_files(app_of(), rows, correlate(errors[:1], (), rows, READER), tasks, moment)
    )
    assert {(v.cause, v.confidence) for v in one} == {("never_polled", Confidence.LIKELY)}


@pytest.mark.parametrize(
    ("stages", "action"), [(4, "retry"), (7, "retry"), (8, "ask")], ids=["early", "late", "sent"]
)
def test_only_a_run_that_stopped_before_it_called_runway_is_simply_retried(stages: int, action: str) -> None:
    assert judged(row(), run("sync-sdk", stages=stages)).action == action


@pytest.mark.parametrize(
    "text", ["TypeError: fetch failed ENOTFOUND r.test", "TypeError: fetch failed", "connect ECONNREFUSED"]
)
def test_no_wording_of_a_lost_connection_makes_a_retry_free_of_asking(text: str) -> None:
    assert judged(row(status="failed"), stopped(8, FAILED + text)).action is Action.ASK


def test_the_first_error_decides_and_its_consequences_do_not() -> None:
    verdict = judged(
        row(status="failed"),
        stopped(8, FAILED + "AuthenticationError: 401 {}", "Failed to update video status: PGRST301"),
    )
    assert verdict.cause == "unauthorized"


def test_what_is_said_beside_a_plain_refusal_is_more_telling() -> None:
    fetch = run("async-fetch", stages=9)
    refused = line("[Runway API] Response status: 400 Bad Request", 2)
    body = error(
        '[Runway API] Error response: {"error":"You do not have enough credits to run this task."}', 3
    )
    assert judged(row(status="failed"), [*fetch, refused]).cause == "invalid_request"
    assert judged(row(status="failed"), [*fetch, refused, body]).cause == "insufficient_credits"


@pytest.mark.parametrize(
    ("later", "cause"),
    [
        (FAILED + 'AuthenticationError: 401 {"error":"Your key is not valid."}', "unauthorized"),
        ("RUNWAY_API_KEY is not set", "missing_api_key"),
        ("fetch failed", "service_failed"),
        ("Failed to update video status: PGRST301", "service_failed"),
    ],
)
def test_a_service_that_failed_beside_is_no_cause_where_the_run_went_on_to_runway(
    later: str, cause: str
) -> None:
    mail = "Could not send the e-mail: Resend API error 422"
    assert judged(row(status="failed"), stopped(8, mail, later)).cause == cause


@pytest.mark.parametrize(
    "text",
    [
        "TypeError: fetch failed",
        "Error: Request failed with status code 401",
        "AxiosError: Request failed with status code 404",
        "Error: certificate has expired",
        "connect ECONNREFUSED 10.0.0.12:8080",
        "Error: 429 Too Many Requests",
        "HTTP 503 Service Unavailable",
        "Request failed with status code 422",
        "Error: no id in the response",
    ],
)
def test_an_error_that_names_nobody_is_not_runways_where_the_run_had_not_called_it(text: str) -> None:
    for flow, called in (("sync-sdk", 8), ("async-fetch", 9)):
        before, after = (
            judged(row(), stopped(stages, f"[Video Generation] Error: {text}", flow=flow))
            for stages in (3, called)
        )
        assert (before.cause, before.verdict.confidence) == ("service_failed", Confidence.LIKELY)
        assert before.action is Action.ASK
        assert CAUSES[after.cause].side is Side.RUNWAY
    in_the_row = judged(row(status="failed", error_message=text), run("sync-sdk", stages=3))
    assert in_the_row.cause == "service_failed"


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("Runway API error: 401", "unauthorized"),
        ("connect ECONNREFUSED api.dev.runwayml.com:443", "runway_unreachable"),
        ("Error: RUNWAY_API_KEY is not set", "missing_api_key"),
        ("Error: duplicate key value violates unique constraint", "database_write_failed"),
        ("Error: the prompt is too long", "invalid_request"),
        ("Error: flagged as inappropriate", "moderated"),
    ],
)
def test_before_the_call_too_an_error_is_of_whom_it_names_and_an_input_refused_is_to_be_changed(
    text: str, cause: str
) -> None:
    story = judged(row(), stopped(3, f"[Video Generation] Error: {text}"))
    assert story.cause == cause


def test_without_logs_the_rows_own_text_suggests_the_cause() -> None:
    verdict = judged(row(status="failed", error_message="Too many requests")).verdict
    assert (verdict.cause, verdict.confidence) == ("rate_limited", Confidence.LIKELY)


GENERIC = ("Something went wrong", "An unexpected error occurred.", "Internal error", "Unknown error", "Oops")


@pytest.mark.parametrize(
    "text",
    [
        *GENERIC,
        "Server error",
        "Oops, something went wrong. Please try again.",
        "Ein unerwarteter Fehler ist aufgetreten",
        "Interner Serverfehler",
        "Une erreur inattendue s'est produite",
        "Error interno del servidor",
        "Algo deu errado",
        "Qualcosa è andato storto",
        "Er is iets misgegaan",
        "Coś poszło nie tak",
        "Что-то пошло не так",
        "Внутренняя ошибка сервера",
        "エラーが発生しました",
        "发生未知错误",
    ],
)
def test_words_that_fit_any_failure_name_nobody(text: str) -> None:
    story = judged(row(status="failed", error_message=text))
    assert (story.rule, story.cause, story.action) == ("nothing_decides", "unknown", Action.ASK)


def test_words_that_fit_any_failure_are_runways_where_they_name_it() -> None:
    named = judged(row(status="failed", error_message="Runway: something went wrong"))
    assert (named.cause, named.verdict.confidence) == ("runway_server_error", Confidence.LIKELY)


@pytest.mark.parametrize("text", GENERIC[:3])
def test_words_that_fit_any_failure_give_way_to_whatever_says_more_and_still_prove_nothing(text: str) -> None:
    began, failed = run("sync-sdk", stages=8), row(status="failed", error_message=text)
    ended = [RequestSummary("req-a", ms(60), "POST", "/api", 504)]
    assert judged(failed, began, requests=ended).cause == "function_timeout"
    lines = [*began, error(text, 2), line(f"[Video Generation] Updating video {ANNA} to failed", 3)]
    story = judged(row(status="failed"), lines)
    assert (story.rule, story.cause) == ("nothing_decides", "unknown")
    assert text in [each.text for each in story.verdict.evidence]
    unsent = judged(row(), stopped(3, text))
    assert (unsent.cause, unsent.action) == ("unknown", Action.ASK)


def test_a_task_that_ended_badly_is_first_written_into_an_unfinished_row() -> None:
    assert judged(SAVED, task=task("FAILED")).action is Action.LOOK_UP
    assert judged(row(status="failed", runway_video_id=ANNAS_TASK), task=task("FAILED")).action == "retry"


def test_a_video_is_stuck_when_its_row_is_unfinished_and_its_cause_not_settled() -> None:
    assert judged(row(), run("async-sdk", stages=4)).verdict.stuck
    assert not judged(row(), run("async-sdk", stages=4), after=timedelta(minutes=1)).verdict.stuck
    assert not judged(row(status="failed"), stopped(8, FAILED + "401 {}")).verdict.stuck
    assert not judged(SAVED, task=task("THROTTLED")).verdict.stuck


def test_a_recent_video_is_looked_at_again_when_it_stops_being_recent() -> None:
    recent = judged(row(), run("async-sdk", stages=4), after=timedelta(minutes=1)).verdict
    assert recent.recheck_at is not None
    assert recent.recheck_at - START == timedelta(minutes=5, milliseconds=300)
    late = judged(row(), run("async-sdk", stages=4), after=recent.recheck_at - START).verdict
    assert (late.cause, late.recheck_at) == ("function_terminated", None)


def test_clocks_that_disagree_by_seconds_change_nothing() -> None:
    early = [e._replace(at_ms=e.at_ms - 3_000) for e in run("async-sdk", stages=4)]
    assert judged(row(), early).cause == "function_terminated"


def test_an_unknown_verdict_says_what_would_decide_it() -> None:
    for video in (row(), row(status="failed", error_message="?")):
        needed = [each.text for each in judged(video).verdict.evidence if each.source is Source.NEEDED]
        assert needed == ["the log of the request that began at 2026-03-14T12:00:00+00:00 decides"]


def test_a_verdict_travels_as_a_row_of_json_values() -> None:
    values = judged(row(), run("async-sdk", stages=4)).verdict.as_row()
    assert values["stages"][0] == {"stage": "accepted", "state": "seen", "at": "2026-03-14T12:00:00.000Z"}
    assert values["first_missing"] == "runway_called"
    assert values["deployment_id"] == "dpl_1"
    assert {each["source"] for each in values["evidence"]} == {"log", "row"}


@pytest.mark.parametrize("state", ["claimed", "sent"])
def test_an_attempt_that_never_came_back_is_waited_for_until_the_sweep_settles_it(state: str) -> None:
    story = judged(row(), attempts=[attempt(state)])
    assert (story.cause, story.action) == ("function_terminated", Action.WAIT)


def test_an_attempt_whose_outcome_is_unknown_is_never_simply_retried() -> None:
    story = judged(row(status="failed"), attempts=[attempt("unknown", reason="timed out")])
    assert (story.cause, story.action) == ("runway_unreachable", Action.ASK)
