"""Retry, recovery and polling: what is free comes first, and nothing is paid for twice."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lib.data import attempts, audit, videos
from lib.data.postgres import PostgresDatabase
from lib.domain.asked import NO_CHANGES, Changes
from lib.domain.attempt import Attempt
from lib.domain.cause import Action
from lib.domain.diagnosis.proof import Proof
from lib.domain.repair import Repair
from lib.domain.task import TaskStatus
from lib.errors import BadInput, DatabaseConflict
from lib.operations.generate import generate
from lib.operations.poll import next_check, poll, poll_due
from lib.operations.recover import recover, recover_from_journal, settle_interrupted
from lib.operations.repair import Agreed, LookUpFailed, Repaired, carry_out, plan
from lib.runway.simulator.programme import PlannedFault
from tests.apps import app_of
from tests.loopback import ended
from tests.production import ANSWERED, attempts_of, put_log, put_row, terminated
from tests.simulated import COST, REQUEST, Simulated, simulated


@pytest.fixture
def runway(tmp_path: Path) -> Iterator[Simulated]:
    with simulated(tmp_path / "simulator", timeout=2.0) as running:
        yield running


class Desk:
    """An operator with everything at hand."""

    def __init__(self, db: PostgresDatabase, runway: Simulated, folder: Path) -> None:
        self.db, self.runway = db, runway
        self.app = app_of(db, runway.client, folder, "ben")

    def generate(self, fault: str = "") -> Attempt:
        request = replace(REQUEST, prompt=f"{REQUEST.prompt} {f'[fault:{fault}]' if fault else ''}")
        return generate(self.app.acting_as("ann"), request).attempt

    def plan(self, video_id: str, changes: Changes = NO_CHANGES) -> Repair:
        return plan(self.app, [video_id], changes)[0]

    def retry(self, video_id: str, override: str | None = None, changes: Changes = NO_CHANGES) -> Repaired:
        """Carries out what would be done now."""
        found = self.plan(video_id, changes)
        return carry_out(self.app, Agreed(video_id, found.action, found.key, override, changes))

    def attempts(self, video_id: str) -> list[Attempt]:
        return attempts_of(self.db, video_id)

    def poll_to_the_end(self, video_id: str) -> str:
        for _ in range(200):
            polled = poll(self.app, video_id, fastest=0)
            if polled and polled.task and polled.task.is_terminal:
                return polled.task.status
            time.sleep(0.02)
        raise AssertionError("the task did not end")

    def row(self, video_id: str) -> dict[str, Any]:
        return videos.get_video(self.db, video_id)["video"]


@pytest.fixture
def desk(postgres: PostgresDatabase, runway: Simulated, tmp_path: Path) -> Desk:
    return Desk(postgres, runway, tmp_path)


def test_a_video_whose_function_was_terminated_is_tried_again_and_succeeds(desk: Desk) -> None:
    video_id = terminated(desk.db)
    assert desk.plan(video_id).proof is Proof.RUN_NOT_SENT
    assert desk.retry(video_id).spent == COST
    assert desk.poll_to_the_end(video_id) == "SUCCEEDED"
    row = desk.row(video_id)
    assert row["status"] == "succeeded"
    assert row["video_url"].startswith(desk.runway.server.url)


def test_eight_operators_on_one_video_pay_once(desk: Desk) -> None:
    video_id = terminated(desk.db)
    start = threading.Barrier(8)

    def click(_: int) -> Repaired:
        start.wait()
        return desk.retry(video_id)

    with ThreadPoolExecutor(8) as pool:
        clicks = list(pool.map(click, range(8)))
    assert desk.runway.posts == 1
    assert sum(click.spent for click in clicks) == COST


def test_a_second_click_on_the_same_decision_pays_nothing(desk: Desk) -> None:
    desk.runway.store.programme.add([PlannedFault("http:401", "POST")])
    first = desk.generate()
    found = desk.plan(first.video_id)
    agreed = Agreed(first.video_id, found.action, found.key)
    done, again = carry_out(desk.app, agreed), carry_out(desk.app, agreed)
    assert (done.spent, again.spent) == (COST, 0)
    assert done.task_id == again.task_id
    assert desk.runway.posts == 2


def test_a_retry_is_linked_to_the_attempts_before(desk: Desk) -> None:
    first = desk.generate("http:429")
    desk.retry(first.video_id, changes={"prompt": "Rex rests", "duration": 2})
    second = desk.attempts(first.video_id)[0]
    assert (second.number, second.previous_id, second.operator) == (2, first.id, "ben")
    assert second.request == {**first.request, "prompt": "Rex rests", "duration": 2}
    assert second.credits == 10
    assert desk.row(first.video_id)["prompt"] == "Rex rests"


def test_a_retry_cannot_change_what_a_request_does_not_have(desk: Desk) -> None:
    first = desk.generate("http:429")
    with pytest.raises(BadInput, match="seed"):
        desk.retry(first.video_id, changes={"seed": 7})


def test_a_task_that_the_logs_name_is_recovered_instead_of_paid_for(desk: Desk) -> None:
    task_id = desk.generate().task_id
    lost = desk.runway.store.create(REQUEST)
    video_id = put_row(desk.db)
    put_log(desk.db, video_id, *ANSWERED, task=lost.id)
    posts = desk.runway.posts
    assert desk.plan(video_id).action is Action.RECOVER
    assert desk.retry(video_id).task_id == lost.id != task_id
    assert desk.row(video_id)["runway_video_id"] == lost.id
    assert desk.runway.posts == posts


def test_a_recovered_task_that_has_finished_brings_its_video_at_once(desk: Desk) -> None:
    lost = desk.runway.store.create(REQUEST)
    video_id = put_row(desk.db, status="failed", error_message="Connection error.")
    put_log(desk.db, video_id, *ANSWERED, task=lost.id)
    while desk.runway.client.task(lost.id).status != "SUCCEEDED":
        time.sleep(0.05)
    recover(desk.app, video_id)
    row = desk.row(video_id)
    assert (row["status"], row["error_message"], row["runway_video_id"]) == ("succeeded", None, lost.id)
    after = audit.trail(desk.db, video_id)[0]["after"] or {}
    assert any(lost.id in each["text"] for each in after["evidence"])


def test_a_task_of_another_video_is_not_recovered(desk: Desk) -> None:
    owned = desk.generate()
    video_id = put_row(desk.db)
    with pytest.raises(DatabaseConflict, match="belongs to video"):
        recover(desk.app, video_id, owned.task_id)
    assert desk.row(video_id)["runway_video_id"] is None


def test_a_task_that_runway_does_not_know_is_not_recovered(desk: Desk) -> None:
    video_id = put_row(desk.db)
    with pytest.raises(BadInput, match="does not know"):
        recover(desk.app, video_id, str(uuid.uuid4()))


def test_a_video_of_which_no_log_names_a_task_cannot_be_recovered(desk: Desk) -> None:
    with pytest.raises(BadInput, match="nothing to recover"):
        recover(desk.app, put_row(desk.db))


def test_an_unknown_outcome_is_paid_again_only_with_the_short_id(desk: Desk) -> None:
    lost = desk.generate("after-drop")
    found = desk.plan(lost.video_id)
    assert (found.action, found.credits_at_risk) == (Action.ASK, COST)
    assert not desk.retry(lost.video_id).is_done
    assert desk.retry(lost.video_id, override="wrong").spent == 0
    assert desk.runway.posts == 1
    assert desk.retry(lost.video_id, found.override, {"prompt": "Rex"}).spent == COST
    assert [a.state for a in desk.attempts(lost.video_id)] == ["created", "written_off"]


def test_a_failed_look_up_stops_a_retry(desk: Desk) -> None:
    attempt = desk.generate("fail:INTERNAL")
    desk.poll_to_the_end(attempt.video_id)
    desk.runway.store.programme.add([PlannedFault("http:500", "GET")])
    time.sleep(1.1)
    with pytest.raises(LookUpFailed):
        desk.retry(attempt.video_id)
    assert desk.runway.posts == 1


@pytest.mark.parametrize(
    ("fault", "action"),
    [("fail:INTERNAL", Action.RETRY), ("fail:SAFETY.INPUT.TEXT", Action.CHANGE_INPUT)],
)
def test_after_a_failed_task_its_failure_code_decides(desk: Desk, fault: str, action: Action) -> None:
    attempt = desk.generate(fault)
    assert desk.poll_to_the_end(attempt.video_id) == "FAILED"
    assert desk.plan(attempt.video_id).action is action
    assert desk.retry(attempt.video_id).spent == (COST if action is Action.RETRY else 0)


def test_polling_follows_the_unfinished_videos_of_the_production_app(desk: Desk) -> None:
    theirs = [desk.runway.store.create(REQUEST) for _ in range(3)]
    rows = [put_row(desk.db, status="queued", runway_video_id=task.id) for task in theirs]
    for task in theirs:
        ended(desk.runway.client, task.id)
    polled = poll_due(desk.app, limit=2) + poll_due(desk.app, limit=2)
    assert sorted(one.video_id for one in polled) == sorted(rows)
    assert {desk.row(video_id)["status"] for video_id in rows} == {"succeeded"}
    assert {audit.trail(desk.db, video_id)[0]["action"] for video_id in rows} == {"poll"}
    assert poll_due(desk.app) == []


def test_a_look_up_that_fails_is_reported_and_leaves_the_row_as_it_is(desk: Desk) -> None:
    desk.runway.store.configure(speed=1)  # the task is still going on at the first look
    attempt = desk.generate()
    desk.runway.store.programme.add([PlannedFault("http:500", "GET")])
    polled = poll(desk.app, attempt.video_id, fastest=0)
    assert polled is not None
    assert polled.error is not None
    assert desk.row(attempt.video_id)["status"] == "processing"


def test_a_task_is_not_looked_up_more_often_than_runway_asks(desk: Desk) -> None:
    attempt = desk.generate()
    assert poll(desk.app, attempt.video_id) is None
    assert poll(desk.app, attempt.video_id, fastest=0) is not None


def test_a_deleted_task_fails_the_video_that_was_known_to_have_it(desk: Desk) -> None:
    own = desk.generate("throttle:1")  # so that its first look-up does not find it finished
    assert own.task_id is not None
    while desk.runway.client.task(own.task_id).status != "SUCCEEDED":
        time.sleep(0.05)
    desk.runway.store.cancel_or_delete(own.task_id)
    polled = poll(desk.app, own.video_id, fastest=0)
    assert polled is not None
    assert polled.task is not None
    assert polled.task.status == TaskStatus.DELETED
    assert desk.row(own.video_id)["error_message"] == "The task was deleted at Runway"


def test_the_older_a_task_the_longer_the_pause() -> None:
    assert 5 <= next_check(age=0) <= 6.5
    assert 30 <= next_check(age=600) <= 39
    assert 300 <= next_check(age=86_400) <= 390


def test_old_rows_whose_tasks_runway_has_forgotten_are_looked_up_about_once_a_day(desk: Desk) -> None:
    old = put_row(desk.db, minutes=60 * 24 * 30, runway_video_id=str(uuid.uuid4()))
    (polled,) = poll_due(desk.app)
    assert (polled.video_id, polled.task is not None and polled.task.is_gone) == (old, True)
    with desk.db.transaction("test") as connection:
        waits = connection.execute("select extract(epoch from next_at - now()) / 3600 from dailies.look_ups")
        assert 23 < waits.fetchone()[0] < 32  # type: ignore[index]


def test_a_round_of_look_ups_ends_where_it_is_stopped(desk: Desk) -> None:
    for _ in range(3):
        put_row(desk.db, runway_video_id=desk.runway.store.create(REQUEST).id)
    answers = iter([False, True, True])
    assert len(poll_due(desk.app, stopped=lambda: next(answers))) == 1


def test_what_a_killed_process_left_is_called_what_it_is(desk: Desk) -> None:
    never_sent = attempts.claim(
        desk.db, str(uuid.uuid4()), "key-1", "ann", request=REQUEST, credits=COST, new={}
    ).attempt
    sent = attempts.claim(
        desk.db, str(uuid.uuid4()), "key-2", "ann", request=REQUEST, credits=COST, new={}
    ).attempt
    attempts.sent(desk.db, sent.id)
    assert settle_interrupted(desk.app).unknown == []
    settled = settle_interrupted(desk.app, older_than=0)
    assert [a.id for a in settled.abandoned] == [never_sent.id]
    assert [a.id for a in settled.unknown] == [sent.id]
    assert desk.row(never_sent.video_id)["status"] == "failed"
    assert "nothing was paid" in desk.row(never_sent.video_id)["error_message"]
    assert "25 credits are at risk" in desk.row(sent.video_id)["error_message"]
    assert desk.retry(never_sent.video_id).spent == COST


def test_a_journal_of_another_database_is_left_alone(desk: Desk) -> None:
    desk.app.journal.append(str(uuid.uuid4()), str(uuid.uuid4()), "task-1")
    assert recover_from_journal(desk.app) == ([], [], [], [])
