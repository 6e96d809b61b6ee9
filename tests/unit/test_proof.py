"""What proves that nothing was created, and every doubt that takes such a proof away."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest

from lib.domain.attempt import Attempt
from lib.domain.cause import Action
from lib.domain.diagnosis.proof import Proof
from lib.domain.flow import StageReader
from lib.domain.repair import Repair, assess
from lib.domain.task import Task
from lib.domain.trace import LogEntry, RequestSummary
from lib.domain.video import Video
from lib.traces.flows import flow_of
from tests.stories import (
    ANNA,
    ANNAS_TASK,
    BELA,
    BELAS_TASK,
    FLOWS,
    START,
    dossier,
    error,
    line,
    ms,
    row,
    run,
    without_requests,
)

FAILED = f"[Video Generation] Error creating Runway task for video {ANNA}: "
REFUSED = FAILED + 'AuthenticationError: 401 {"error":"Invalid API key"}'
BEFORE_THE_CALL = {"async-fetch": 8, "async-sdk": 8, "sync-sdk": 7}  # stages


def repair(video: Video, entries: Iterable[LogEntry] = (), **more: Any) -> Repair:
    return assess(dossier(video, entries, **more)).repair


def attempt(state: str, claimed: float, **more: Any) -> Attempt:
    at = START + timedelta(seconds=claimed)
    return Attempt.from_row(
        {
            "id": "00000000-0000-4000-8000-000000000001",
            "video_id": ANNA,
            "key": f"{ANNA}/1",
            "number": 1,
            "previous_id": None,
            "state": state,
            "operator": "ann",
            "request": {"image": "https://images.example.com/rex.jpg", "prompt": "Rex"},
            "credits": 25,
            "task_id": None,
            "reason": None,
            "cause": "unauthorized",
            "claimed_at": at,
            "sent_at": at,
            "settled_at": at,
        }
        | more
    )


@pytest.mark.parametrize("flow", FLOWS)
def test_a_run_that_is_over_and_stopped_before_the_call_may_be_paid_for(flow: str) -> None:
    found = repair(row(), run(flow, stages=BEFORE_THE_CALL[flow]))
    assert (found.action, found.proof, found.override) == (Action.RETRY, Proof.RUN_NOT_SENT, None)
    assert found.pays
    assert found.credits == 25


@pytest.mark.parametrize("flow", FLOWS)
def test_a_run_that_stopped_with_the_call_is_a_persons_to_decide(flow: str) -> None:
    found = repair(row(), run(flow, stages=BEFORE_THE_CALL[flow] + 1))
    assert (found.action, found.proof, found.override) == (Action.ASK, None, ANNA[:8])
    assert not found.pays
    assert found.needs_a_person


def test_logs_that_end_with_the_run_prove_nothing_of_what_came_next() -> None:
    halted = run("async-sdk", stages=4)
    assert repair(row(), halted, observed=timedelta(minutes=10)).pays
    for observed in (timedelta(seconds=1), timedelta(minutes=4)):
        found = repair(row(), halted, observed=observed)
        assert found.action is Action.ASK
        assert "logs end" in found.reason


def test_a_setting_of_patience_holds_for_verdict_and_repair_alike() -> None:
    halted = run("async-sdk", stages=4)
    known = dossier(row(), halted, after=timedelta(minutes=30), stuck_after_minutes=60)
    verdict, found = assess(known)
    assert (verdict.cause, found.action, found.pays) == ("in_progress", Action.WAIT, False)


def test_an_export_that_was_filtered_by_the_videos_id_proves_nothing() -> None:
    whole = run("async-sdk", stages=9)
    assert repair(row(), [e for e in whole if ANNA in e.message]).action is Action.ASK


def test_a_call_that_is_nobodys_for_certain_may_be_this_runs() -> None:
    """Two runs in text without request ids; one of them logged the call, and nothing tells which."""
    anna, bela = run("sync-sdk", stages=7), run("sync-sdk", BELA, stages=7, begin=0.05)
    call = line("[Runway API] Calling SDK imageToVideo.create()", 5)
    text = without_requests(anna, bela, [call])
    assert repair(row(), text).action is Action.ASK
    assert repair(row(BELA), text).action is Action.ASK


@pytest.mark.parametrize(
    "text",
    [
        "Failed to upload video to storage: 403 Forbidden",
        "Failed to download video: 404 Not Found",
        "TypeError: fetch failed",
        "InternalServerError: 500 {}",
    ],
)
def test_a_row_that_speaks_of_a_later_step_contradicts_an_early_end(text: str) -> None:
    found = repair(row(status="failed", error_message=text), run("async-sdk", stages=4))
    assert not found.pays


@pytest.mark.parametrize(
    "text",
    [
        "Failed to update video status: canceling statement due to statement timeout",
        "Failed to update video with runway_video_id: timeout",
        'duplicate key value violates unique constraint "clips_runway_task_id_key"',
        "Could not save video_url: permission denied for table clips",
    ],
)
def test_an_error_of_the_database_proves_nothing_though_the_run_seems_to_have_ended_early(text: str) -> None:
    """It is what is said, too, when the write behind the call failed."""
    early = run("sync-sdk", stages=3)
    assert not repair(row(), [*early, error(f"[Video Generation] {text}", 1)]).pays
    assert not repair(row(status="failed", error_message=text), early).pays


@pytest.mark.parametrize(
    "text",
    [
        f"{{ id: '{ANNAS_TASK}', estimatedCost: {{ credits: 25 }} }}",
        f"GET https://api.dev.runwayml.com/v1/tasks/{ANNAS_TASK} 200",
        "POST https://api.dev.runwayml.com/v1/image_to_video 200 in 812ms",
        '{"level":"info","message":"image_to_video 200 OK"}',
        "[Runway API] Calling client.imageToVideo.create()",
        "ok",
    ],
)
def test_a_line_in_unknown_words_behind_the_last_stage_may_be_the_call(text: str) -> None:
    early = run("async-sdk", stages=4)
    assert repair(row(), early).pays
    assert not repair(row(), [*early, line(text, 1)]).pays
    assert not repair(row(), [*early, line(f"[cron] {ANNA}: {text}", 3, "req-cron")]).pays


@pytest.mark.parametrize(
    "text",
    [
        "Vercel Runtime Timeout Error: Task timed out after 60 seconds",
        "(node:4) [DEP0040] DeprecationWarning: The `punycode` module is deprecated.",
    ],
)
def test_the_platforms_words_and_nodes_say_nothing_of_a_call(text: str) -> None:
    assert repair(row(), [*run("async-sdk", stages=4), error(text, 1)]).pays


@pytest.mark.parametrize(
    "text",
    [
        "Task timed out after 600 seconds",  # as an app's own waiter for a task says it
        "Error: image_to_video answered 504: Endpoint request timed out",
        "[clip] ordered, worker exited",
        "(node:4) created task",
        "(node:4) Warning: ordered at the provider, 50 credits",
        "(node:4) UnhandledPromiseRejectionWarning: APIConnectionTimeoutError: Request timed out.",
        "(node:4) [DEP0040] DeprecationWarning: The `punycode` module is deprecated.\n[media] ordered",
    ],
)
def test_words_that_only_look_like_the_platforms_may_be_the_apps(text: str) -> None:
    assert not repair(row(), [*run("async-sdk", stages=4), error(text, 1)]).pays


@pytest.mark.parametrize(
    "columns",
    [
        {"error_message": "Vercel Runtime Timeout Error: Task timed out after 60 seconds"},
        {"error_details": "Runway answered, could not save"},
        {"video_url": "https://dnznrvs05pmza.cloudfront.net/clip.mp4"},
    ],
)
def test_whoever_wrote_into_the_row_had_gone_on_behind_the_run(columns: dict[str, Any]) -> None:
    early = run("async-sdk", stages=4)
    assert repair(row(status="failed"), early).pays
    assert not repair(row(status="failed", **columns), early).pays


@pytest.mark.parametrize(
    "more",
    [
        [line("[Runway API] Calling SDK imageToVideo.create()", 3)],
        [line(f"[worker] retried clip {ANNA} as {BELAS_TASK}: task {BELAS_TASK}", 600, "req-w")],
        [line(f"[Video Generation] asked Runway once more: task {BELAS_TASK}", 3)],
    ],
)
def test_a_task_that_ended_says_nothing_of_a_second_one(more: list[LogEntry]) -> None:
    whole, ended = run("sync-sdk"), [Task(ANNAS_TASK, "FAILED", failure_code="INTERNAL.WORKER")]
    failed = row(runway_video_id=ANNAS_TASK, status="failed")
    assert repair(failed, whole, tasks=ended).pays
    assert not repair(failed, [*whole, *more], tasks=ended).pays


@pytest.mark.parametrize(
    "between",
    [
        error("Failed to save runway_video_id: duplicate key value violates unique constraint", 1),
        error("[clip] accepted, id lost", 1),
        error("Error: Task timed out after 30 seconds", 1),
        line("[Runway API] Response status: 200", 1),
    ],
)
def test_a_refusal_behind_anything_else_may_be_that_of_another_post(between: LogEntry) -> None:
    called = run("sync-sdk", stages=8)
    assert not repair(row(status="failed"), [*called, between, error(REFUSED, 2)]).pays


def test_what_is_logged_behind_a_late_refusal_makes_it_no_earlier() -> None:
    called, said = run("sync-sdk", stages=8), f"[Video Generation] Updated video {ANNA} status to failed"
    for seconds, pays in ((2, True), (75, False)):
        late = [error(REFUSED, seconds), line(said, seconds + 1)]
        assert repair(row(status="failed"), [*called, *late]).pays is pays


def test_a_refusal_in_another_request_is_not_that_of_the_call() -> None:
    called = run("sync-sdk", stages=8)
    assert not repair(row(status="failed"), [*called, error(REFUSED, 5, "req-cron")]).pays


def test_a_refusal_that_the_row_tells_much_later_is_of_something_else() -> None:
    called, late = run("sync-sdk", stages=8), START + timedelta(minutes=28)
    assert repair(row(status="failed", error_message=REFUSED), called).pays
    assert not repair(row(status="failed", error_message=REFUSED, updated_at=late), called).pays


def test_a_line_that_names_nobody_in_text_without_request_ids_may_be_the_call() -> None:
    text = without_requests(run("async-sdk", stages=4), [line("[clip] ordering, 50 credits", 5)])
    assert repair(row(), text[:-1]).pays
    assert not repair(row(), text).pays


def test_lines_that_a_flow_calls_asides_say_nothing_of_a_call() -> None:
    said = (
        f"[Video Generation] Async operation started for video {ANNA}. Function will continue in background."
    )
    assert repair(row(), [*run("async-sdk", stages=4), line(said, 1)]).pays


def test_where_one_line_of_a_request_is_kept_nothing_follows_from_those_that_are_not_there() -> None:
    assert not repair(row(), run("async-sdk", stages=1)).pays


def test_a_row_that_somebody_else_failed_says_nothing_of_how_the_run_ended() -> None:
    """Logs that go on for seconds are enough only where the run itself tells of its end."""
    early = run("async-sdk", stages=4)
    told = error("Vercel Runtime Timeout Error: Task timed out after 60 seconds", 1)
    soon = timedelta(seconds=10)
    assert not repair(row(status="failed"), early, observed=soon).pays
    assert repair(row(status="failed"), [*early, told], observed=soon).pays


def test_runways_own_refusal_in_a_run_without_a_creation_is_a_proof() -> None:
    found = repair(row(status="failed"), [*run("sync-sdk", stages=8), error(REFUSED, 2)])
    assert (found.action, found.proof) == (Action.RETRY, Proof.RUN_REFUSED)


def test_the_same_words_without_the_run_are_none() -> None:
    text = 'AuthenticationError: 401 {"error":"Invalid API key"}'
    found = repair(row(status="failed", error_message=text))
    assert (found.pays, found.override) == (False, ANNA[:8])


def test_a_refusal_after_a_server_error_may_be_that_of_a_second_post() -> None:
    said = [error("[Runway API] InternalServerError: 500 {}", 1), error(REFUSED, 2)]
    assert repair(row(status="failed"), [*run("sync-sdk", stages=8), *said]).action is not Action.RETRY


@pytest.mark.parametrize(
    "said",
    [
        'RateLimitError: 429 {"error":"You have reached your daily limit of generations."}',
        'BadRequestError: 400 {"error":"You do not have enough credits to run this task."}',
    ],
)
def test_what_is_refused_for_the_moment_may_be_a_second_post_of_which_the_sdk_says_nothing(said: str) -> None:
    """Its first one may have been answered with 502, by a task that took the last credits."""
    called = run("sync-sdk", stages=8)
    sent = (called[-1].at_ms - ms(0)) / 1000
    assert repair(row(), [*called, error(FAILED + said, sent + 0.3)]).proof is Proof.RUN_REFUSED
    late = repair(row(), [*called, error(FAILED + said, sent + 0.5)])
    assert not late.pays
    assert "perhaps only when it was sent a second time" in late.reason
    told = row(error_message=said, updated_at=START + timedelta(seconds=sent + 0.3))
    assert not repair(told, called).pays
    fetched = run("async-fetch", stages=9)
    answer = error("[Runway API] Response status: 429 Too Many Requests", 3)
    assert repair(row(), [*fetched, answer, error(FAILED + said, 3.1)]).proof is Proof.RUN_REFUSED


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("[Runway API] Error: ENOTFOUND api.dev.runwayml.com", "no answer is on record"),
        ("[Runway API] InternalServerError: 500 {}", "does not say that it created nothing"),
    ],
)
def test_whoever_is_asked_reads_whether_runway_had_answered(said: str, why: str) -> None:
    found = repair(row(), [*run("sync-sdk", stages=8), error(said, 2)])
    assert found.override
    assert why in found.reason


CLIPS = {
    "flow": "clips",
    "stages": [
        {"stage": "accepted", "pattern": "clip accepted"},
        {"stage": "sent", "pattern": "-> provider", "means": "sent"},
        {"stage": "back", "pattern": "<- provider"},
        {"stage": "made", "pattern": "task made", "means": "created"},
    ],
}


@pytest.mark.parametrize(("seconds", "pays"), [(0.2, True), (5, False)])
def test_the_time_of_a_refusal_counts_from_the_call_whatever_stage_comes_between(
    seconds: float, pays: bool
) -> None:
    said = 'RateLimitError: 429 {"error":"You have reached your daily limit of generations."}'
    begun = [line(f"clip accepted, video {ANNA}", 0), line("-> provider", 1)]
    refused = [line("<- provider", 1 + seconds), error(said, 1.05 + seconds)]
    reader = StageReader([flow_of(CLIPS, "clips.json")])
    assert repair(row(), [*begun, *refused], reader=reader).pays is pays


def test_every_run_of_the_app_has_to_be_accounted_for() -> None:
    sent = run("sync-sdk", stages=8)
    halted = run("sync-sdk", stages=4, begin=60, request="req-again")
    assert repair(row(), halted).pays
    assert not repair(row(), [*sent, *halted]).pays
    assert not repair(row(), [*halted, *run("sync-sdk", stages=8, begin=120, request="req-third")]).pays


def test_a_refused_attempt_proves_nothing_of_what_the_app_did_since() -> None:
    refused = attempt("refused", claimed=600)
    before = run("sync-sdk", stages=8)
    since = run("sync-sdk", stages=8, begin=700, request="req-since")
    accepted = attempt("refused", claimed=600, overridden=True)
    assert repair(row(status="failed"), before, attempts=[accepted]).proof is Proof.ATTEMPT_REFUSED
    for each in (refused, accepted):
        assert not repair(row(status="failed"), [*before, *since], attempts=[each]).pays


@pytest.mark.parametrize("state", ["refused", "abandoned"])
def test_an_attempt_proves_nothing_of_what_the_app_turns_out_to_have_done_before(state: str) -> None:
    """It was made because the run had ended early, as far as its lines had come by then."""
    made = attempt(state, claimed=600, reason="Not now")
    tried = row(status="failed", error_message="Not now")
    assert repair(tried, run("sync-sdk", stages=4), attempts=[made]).pays
    assert not repair(tried, run("sync-sdk", stages=8), attempts=[made]).pays


@pytest.mark.parametrize(
    "said",
    [
        [line("Task status response: { status: 'RUNNING' }", 60.1, request="req-check")],
        [
            line("Task status response: { status: 'RUNNING' }", 60.1, request="req-check"),
            error(f"Error updating video {ANNA}: connection reset", 60.2, "req-check"),
        ],
        [line("Still being rendered by the provider", 60.1, request="req-check")],
        [error("Error checking video status: RateLimitError: 429", 60.1, "req-check")],
    ],
)
def test_a_status_check_that_may_have_asked_runway_was_of_a_task(said: list[LogEntry]) -> None:
    halted = run("sync-sdk", stages=4)
    begun = line(f"Checking video status for {ANNA}", 60, request="req-check")
    lacking = line(f"No runway_video_id for video {ANNA}", 60.1, request="req-check")
    assert repair(row(), [*halted, begun]).pays
    assert repair(row(), [*halted, begun, lacking]).pays
    found = repair(row(), [*halted, begun, *said])
    assert not found.pays
    assert "A status check may have asked Runway" in found.reason


def test_a_run_that_ended_early_says_nothing_of_an_attempt_whose_outcome_nobody_knows() -> None:
    for begin in (0.0, 900.0):
        halted = run("sync-sdk", stages=4, begin=begin)
        assert not repair(row(), halted, attempts=[attempt("unknown", 600)]).pays


def test_an_attempt_that_was_never_sent_created_nothing() -> None:
    found = repair(row(status="failed"), attempts=[attempt("abandoned", 0, cause=None)])
    assert (found.action, found.proof) == (Action.RETRY, Proof.ATTEMPT_NOT_SENT)


def test_an_unknown_attempt_names_its_credits_and_what_to_type() -> None:
    found = repair(row(), run("async-sdk", stages=4), attempts=[attempt("unknown", 600)])
    assert (found.action, found.credits_at_risk, found.override) == (Action.ASK, 25, ANNA[:8])


@pytest.mark.parametrize(
    ("status", "code", "action", "override"),
    [
        ("FAILED", "INTERNAL", Action.RETRY, None),
        ("FAILED", "INTERNAL.BAD_OUTPUT.CODE01", Action.CHANGE_INPUT, None),
        ("FAILED", "SAFETY.INPUT.TEXT", Action.CHANGE_INPUT, None),
        ("FAILED", "NEVER.SEEN", Action.ASK, None),
        ("CANCELLED", None, Action.ASK, None),
        ("SUCCEEDED", None, Action.LOOK_UP, None),
    ],
)
def test_a_known_task_that_ended_is_tried_again_as_its_end_allows(
    status: str, code: str | None, action: Action, override: str | None
) -> None:
    task = Task(ANNAS_TASK, status, failure_code=code)
    found = repair(row(status="failed", runway_video_id=ANNAS_TASK), tasks=[task])
    assert (found.action, found.override) == (action, override)


def test_a_task_that_runway_does_not_know_may_be_another_keys() -> None:
    gone = [Task(ANNAS_TASK, "DELETED")]
    unfinished = repair(row(runway_video_id=ANNAS_TASK), tasks=gone)
    assert (unfinished.action, unfinished.override) == (Action.ASK, ANNA[:8])


def test_a_changed_input_makes_a_refused_one_worth_trying() -> None:
    refused = [attempt("refused", 0, cause="moderated")]
    known = dossier(row(status="failed"), attempts=refused)
    assert assess(known).repair.action is Action.CHANGE_INPUT
    assert assess(known, {"prompt": "Rex waltzes"}).repair.action is Action.RETRY


def test_a_queued_row_is_the_workers_only_where_the_team_says_so() -> None:
    assert repair(row(status="queued"), take_queued=True).proof is Proof.LEFT_TO_WORKERS
    assert not repair(row(status="queued")).pays
    assert not repair(row(status="queued"), run("async-sdk", stages=9), take_queued=True).pays


def test_a_retry_asks_for_what_the_model_of_the_settings_makes() -> None:
    found = repair(row(), run("async-sdk", stages=4), runway_model="veo3.1")
    assert (found.request.model, found.request.duration, found.action) == ("veo3.1", 8, Action.RETRY)


def test_a_time_out_of_the_platform_says_how_the_run_ended_and_no_more() -> None:
    timeout = [RequestSummary("req-a", ms(60), "POST", "/api", 504)]
    assert repair(row(), run("sync-sdk", stages=4), requests=timeout).pays
    assert not repair(row(), run("sync-sdk", stages=8), requests=timeout).pays


def test_two_people_who_saw_the_same_state_hold_the_same_key() -> None:
    assert repair(row()).key == repair(row(), run("async-sdk", stages=4)).key == f"{ANNA}/1"
    assert repair(row(status="failed"), attempts=[attempt("refused", 0)]).key == f"{ANNA}/2"


@pytest.mark.parametrize(
    "columns",
    [
        {"runway_task_id": ANNAS_TASK},
        {"external_job_id": ANNAS_TASK},
        {"taskId": ANNAS_TASK},
        {"meta": {"provider": "runway", "generation": {"id": ANNAS_TASK}}},
    ],
)
def test_an_id_in_another_column_may_be_the_tasks(columns: dict[str, Any]) -> None:
    """Where the app has no column of ours it is the task's; beside an empty one it takes the proof away."""
    halted = run("async-sdk", stages=4)
    theirs = row(**columns)
    assert theirs.runway_video_id == ANNAS_TASK
    assert repair(theirs, halted).action is Action.LOOK_UP
    beside = row(runway_video_id=None, **columns)
    assert (beside.runway_video_id, beside.other_task_id) == (None, ANNAS_TASK)
    found = repair(beside, halted)
    assert (found.action, found.pays) == (Action.ASK, False)
    assert ANNAS_TASK in found.reason


@pytest.mark.parametrize(
    "columns",
    [
        {"runway_task": ANNAS_TASK},
        {"provider_ref": ANNAS_TASK},
        {"task_ids": [ANNAS_TASK]},
        {"metadata": f'{{"runway":{{"taskId":"{ANNAS_TASK}"}}}}'},
        {"task_url": f"https://api.dev.runwayml.com/v1/tasks/{ANNAS_TASK}"},
        {"aufgaben_id": ANNAS_TASK},
        {"tarea": ANNAS_TASK},
        {"note": f"Runway task {ANNAS_TASK} could not be saved"},
        {"error_message": f"Runway task {ANNAS_TASK} could not be saved"},
    ],
)
def test_an_id_in_whatever_speaks_of_a_task_takes_the_proof_away_and_is_taken_for_no_more(
    columns: dict[str, Any],
) -> None:
    """Whether the app has a column of ours or not: it is a reason to doubt, and no task to look up."""
    for theirs in (row(**columns), row(runway_video_id=None, **columns)):
        assert (theirs.runway_video_id, theirs.other_task_id) == (None, ANNAS_TASK)
        found = repair(theirs, run("async-sdk", stages=4))
        assert (found.action, found.pays) == (Action.ASK, False)
        assert ANNAS_TASK in found.reason


def test_another_task_of_a_row_may_still_run_when_its_own_has_failed() -> None:
    ended = Task(BELAS_TASK, "FAILED", failure_code="INTERNAL.WORKER")
    assert repair(row(runway_video_id=BELAS_TASK, status="failed"), tasks=[ended]).pays
    twice = row(runway_video_id=BELAS_TASK, status="failed", retry_task_id=ANNAS_TASK)
    assert not repair(twice, tasks=[ended]).pays


def test_what_moderation_refused_is_not_tried_again_whatever_the_code() -> None:
    for code in (None, "INTERNAL"):
        told = Task(ANNAS_TASK, "FAILED", failure="Content was flagged by our moderation.", failure_code=code)
        found = assess(dossier(row(runway_video_id=ANNAS_TASK, status="failed"), tasks=[told]))
        assert (found.verdict.cause, found.repair.pays) == ("moderated", False)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        (line("[log_4f2a1c] connection timed out - retrying, 2 attempts remaining", 1), 2),
        (line("Got 502 from Runway, retrying in 2 s", 1, level="warning"), 2),
        (line("ok", 1), 2),
        (None, 75),
    ],
)
def test_a_refusal_that_may_be_that_of_a_second_post_proves_nothing(
    said: LogEntry | None, seconds: float
) -> None:
    called = run("sync-sdk", stages=8)
    assert repair(row(status="failed"), [*called, error(REFUSED, 2)]).pays
    between = [said] if said else []
    assert not repair(row(status="failed"), [*called, *between, error(REFUSED, seconds)]).pays


@pytest.mark.parametrize("columns", [{"user_id": ANNAS_TASK}, {"template_id": "t-12345678"}, {"task": "x"}])
def test_ids_of_other_things_are_none_of_a_task(columns: dict[str, Any]) -> None:
    assert repair(row(runway_video_id=None, **columns), run("async-sdk", stages=4)).pays


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("COMPLETED", "succeeded"),
        ("In Progress", "processing"),
        ("in-progress", "processing"),
        ("Error", "failed"),
        ("canceled", "cancelled"),
        ("PENDING", "queued"),
        ("archived", "archived"),
    ],
)
def test_status_words_of_other_apps_are_ours_where_they_mean_the_same(word: str, status: str) -> None:
    assert row(status=word).status == status


def test_a_status_that_nobody_knows_is_never_stuck_and_never_paid_for() -> None:
    known = dossier(row(status="archived"), run("async-sdk", stages=4))
    verdict, found = assess(known)
    assert (verdict.stuck, found.action, found.pays) == (False, Action.NONE, False)


def refused_by_runway(*said: str, **columns: Any) -> Repair:
    entries = [*run("sync-sdk", stages=8), *(line(text, 0.75) for text in said), error(REFUSED, 0.9)]
    return repair(row(status="failed", **columns), entries)


def test_a_video_without_a_picture_is_asked_for_from_its_text() -> None:
    again = refused_by_runway(input_image_url=None, prompt="A dog dances", model="gen4.5")
    assert (again.action, again.request.endpoint, again.credits) == (Action.RETRY, "text_to_video", 60)


@pytest.mark.parametrize("model", ["gen3a_turbo", "kling-2", "Gen4 Turbo"])
def test_a_model_that_is_none_of_ours_is_asked_about_and_never_replaced(model: str) -> None:
    again = refused_by_runway(model=model)
    assert (again.action, again.request.model, again.credits) == (Action.ASK, model, None)
    assert repr(model) in again.reason
    halted = dossier(row(model=model), run("async-sdk", stages=4))
    assert assess(halted).repair.action is Action.ASK
    assert assess(halted, {"model": "gen4.5", "prompt": "A dog dances"}).repair.action is Action.RETRY


@pytest.mark.parametrize(
    ("columns", "ratio", "seconds"),
    [
        ({}, "1280:720", 5),
        ({"seconds": 10, "aspect": "9:16"}, "720:1280", 10),
        ({"duration": "8", "aspect_ratio": "1:1"}, "960:960", 8),
        ({"duration": 7.0, "ratio": "832:1104"}, "832:1104", 7),
        ({"duration": 5.04, "ratio": "4:3"}, "1104:832", 5),
    ],
)
def test_a_retry_asks_for_what_the_row_says(columns: dict[str, Any], ratio: str, seconds: int) -> None:
    again = refused_by_runway(**columns)
    assert (again.request.ratio, again.request.duration) == (ratio, seconds)
    assert again.action is Action.RETRY


@pytest.mark.parametrize("columns", [{"seconds": 30}, {"ratio": "5:4"}, {"aspect": "square"}])
def test_what_the_model_cannot_make_is_said_and_not_replaced(columns: dict[str, Any]) -> None:
    again = refused_by_runway(**columns)
    assert again.action is Action.CHANGE_INPUT
    assert str(next(iter(columns.values()))) in again.reason


def test_a_model_that_needs_a_picture_is_not_asked_without_one() -> None:
    again = refused_by_runway(input_image_url=None, prompt="A dog dances", model="gen4_turbo")
    assert again.action is Action.CHANGE_INPUT
    assert "An image is needed" in again.reason


@pytest.mark.parametrize(
    ("said", "columns"),
    [
        (("Calling SDK videoToVideo.create()",), {}),
        (("POST https://api.dev.runwayml.com/v1/character_performance",), {}),
        ((), {"endpoint": "video_upscale"}),
        ((), {"kind": "video-to-video"}),
        (("Calling SDK videoToVideo.create()", "Prompt: like image-to-video, but at night"), {}),
        (("Calling SDK textToImage.create()",), {}),
    ],
)
def test_what_another_endpoint_made_is_not_tried_again_as_something_else(
    said: tuple[str, ...], columns: dict[str, str]
) -> None:
    entries = run("sync-sdk", stages=7)
    again = repair(
        row(status="failed", **columns),
        [*entries, *(line(text, 0.75) for text in said), error(REFUSED, 0.9)],
    )
    assert (again.action, again.pays) == (Action.CHANGE_INPUT, False)
    assert re.search(r"It was made with|needs", again.reason)


def test_a_picture_that_is_drawn_first_keeps_nobody_from_the_video() -> None:
    drawn = line("Calling SDK textToImage.create()", 0.65)
    again = repair(row(status="failed"), [*run("sync-sdk", stages=8), drawn, error(REFUSED, 0.9)])
    assert again.action is Action.RETRY
