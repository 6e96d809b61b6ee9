"""The sweep repairs what is free, pays only where it is allowed to, and leaves the rest to people."""

from __future__ import annotations

import io
import json
import threading
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from lib.data import attempts, audit, credits, decisions, queue, videos
from lib.data.database import Database
from lib.data.postgres import PostgresDatabase
from lib.data.verdicts import DossierRow, dossier_rows
from lib.data.workers import keep_lease, take_lease
from lib.domain.pricing import GenerationRequest
from lib.domain.sweep import SWEEP, WORKER
from lib.domain.task import Task
from lib.operations.flows import save_flow
from lib.operations.import_logs import import_logs
from lib.operations.judge import judge_all
from lib.operations.process import process
from lib.operations.repair import plan
from lib.operations.sweep import AT_ONCE, Report, preview, sweep
from lib.runway.simulator.programme import PlannedFault
from lib.worker.jobs import JobVerb
from tests import production
from tests.apps import app_of
from tests.counted import Counted
from tests.examples import queue_metrics
from tests.production import attempts_of
from tests.simulated import COST, REQUEST, Simulated, simulated


@pytest.fixture
def runway(tmp_path: Path) -> Iterator[Simulated]:
    with simulated(tmp_path / "simulator", timeout=2.0) as running:
        yield running


class Killed(BaseException):
    """The process ends here."""


class Floor:
    """Production's database and a simulated Runway; `sweep` does one, now."""

    def __init__(self, db: PostgresDatabase, url: str, runway: Simulated, folder: Path) -> None:
        self.db, self.url, self.runway = db, url, runway
        self._folder = folder
        self.allow()

    def allow(self, **settings: Any) -> None:
        self.app = app_of(self.db, self.runway.client, self._folder, **settings)

    def sweep(self, **arguments: Any) -> Report | None:
        holder = arguments.pop("holder", uuid.uuid4().hex)
        return sweep(self.app, holder=holder, **arguments)

    def actions(self, **arguments: Any) -> dict[str, int]:
        report = self.sweep(**arguments)
        assert report is not None
        return report.counts()

    def work(self) -> None:
        """Everything that is in the queue."""
        verb = JobVerb(self.app, lambda job: process(self.app, job))
        while verb.step():
            pass

    def killed_once_claimed(self) -> None:
        """The worker that takes the next job, some time ago."""

        def step(name: str) -> None:
            if name == "claimed":
                raise Killed

        (job,) = queue.dequeue(self.db, visibility_seconds=0)
        with pytest.raises(Killed):
            process(replace(self.app, on_step=step), job)
        self.execute("update dailies.attempts set claimed_at = claimed_at - interval '10 minutes'")

    def later(self) -> None:
        """Every pause is over."""
        self.execute("update dailies.decisions set next_at = now()")

    def execute(self, statement: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement.encode())

    def task(self) -> str:
        return self.runway.client.create(REQUEST).id

    def lost_task(self) -> tuple[str, str]:
        """A video whose task id stands in the log and nowhere else."""
        video_id = production.put_row(self.db, minutes=0.01)
        task = self.task()
        production.put_log(self.db, video_id, *production.ANSWERED, minutes=0.01, task=task)
        self.execute(
            "update public.videos set created_at = now() - interval '20 minutes',"
            " updated_at = now() - interval '20 minutes';"
            "update dailies.log_entries set at = at - interval '19 minutes'"
            " where at > now() - interval '9 minutes' and message not like '[health]%'"
        )
        return video_id, task

    def row(self, video_id: str) -> dict[str, Any]:
        return videos.get_video(self.db, video_id)["video"]

    def decided(self, video_id: str) -> list[str]:
        """What the audit holds of the sweep's decisions, the first one first."""
        found = [entry["action"] for entry in audit.trail(self.db, video_id)]
        return [action for action in reversed(found) if action.startswith("sweep_")]


@pytest.fixture
def floor(postgres: PostgresDatabase, database_url: str, runway: Simulated, tmp_path: Path) -> Floor:
    return Floor(postgres, database_url, runway, tmp_path)


def test_a_task_that_stands_in_the_log_is_recovered_for_nothing(floor: Floor) -> None:
    video_id, task = floor.lost_task()
    assert floor.actions() == {"recover": 1}
    assert floor.row(video_id)["runway_video_id"] == task
    assert floor.decided(video_id) == ["sweep_recover"]
    assert floor.runway.posts == 1


def test_when_runway_does_not_answer_recovery_waits_for_the_next_time(floor: Floor) -> None:
    floor.lost_task()
    floor.runway.server.stop()
    assert floor.actions() == {"wait": 1}


def test_many_lost_tasks_are_recovered_while_runway_answers_slowly(floor: Floor) -> None:
    lost = dict(floor.lost_task() for _ in range(12))
    assert floor.actions() == {"recover": 12}
    assert {video_id: floor.row(video_id)["runway_video_id"] for video_id in lost} == lost


def test_a_lost_video_that_was_given_another_task_since_it_was_decided_about_keeps_that(floor: Floor) -> None:
    video_id, _ = floor.lost_task()
    other = floor.task()

    def stopped() -> bool:
        """Asked once the video is judged."""
        floor.execute(f"update public.videos set runway_video_id = '{other}' where id = '{video_id}'")
        return False

    assert floor.sweep(stopped=stopped) is not None
    assert floor.row(video_id)["runway_video_id"] == other
    assert floor.runway.posts == 2  # those of the two tasks


@pytest.fixture
def judged_by_sweep(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The videos of which the sweep reads all evidence."""
    ids: list[str] = []

    def reading(db: Database, video_ids: Sequence[str]) -> list[DossierRow]:
        ids.extend(video_ids)
        return dossier_rows(db, video_ids)

    monkeypatch.setattr("lib.operations.sweep.dossier_rows", reading)
    return ids


@pytest.mark.parametrize("auto_retry", [False, True])
def test_what_the_judge_has_just_left_to_people_is_not_judged_again(
    floor: Floor, judged_by_sweep: list[str], auto_retry: bool
) -> None:
    video_id = production.put_row(floor.db)
    production.put_log(floor.db, video_id, *production.CALLED)
    judge_all(floor.app)
    floor.allow(auto_retry=auto_retry)
    assert floor.actions() == {"ask": 1}
    assert judged_by_sweep == []
    (left,) = decisions.flagged(floor.db)
    floor.execute("delete from dailies.decisions; update dailies.verdicts set judged_at = '2020-01-01'")
    assert floor.actions() == {"ask": 1}
    assert judged_by_sweep == [video_id]
    (afresh,) = decisions.flagged(floor.db)
    assert (left.action, left.reason, left.cause) == (afresh.action, afresh.reason, afresh.cause)


def test_what_is_left_to_people_is_looked_for_once_however_much_it_is(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lib.operations.sweep.BATCH", 1)
    for _ in range(3):
        production.put_log(floor.db, production.put_row(floor.db), *production.CALLED)
    judge_all(floor.app)
    counted = Counted(floor.db)
    floor.app = replace(floor.app, opened=counted)
    assert floor.actions() == {"ask": 3}
    assert counted.calls.count("dailies_sweep_due") == 2  # and finds nothing more


def test_what_changes_while_others_are_repaired_is_looked_at_as_it_is_then(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lib.operations.sweep.AT_ONCE", 1)
    floor.allow(auto_retry=True)
    waiting = [production.terminated(floor.db) for _ in range(3)]
    other = floor.task()

    def stopped() -> bool:
        with psycopg.connect(floor.url) as connection:
            queued = {
                row[0] for row in connection.execute("select message ->> 'video_id' from pgmq.q_dailies")
            }
        if len(queued) == 1:
            last = waiting[0] if waiting[0] not in queued else waiting[-1]
            floor.execute(f"update public.videos set runway_video_id = '{other}' where id = '{last}'")
        return False

    assert floor.actions(stopped=stopped) == {"retry": 2}
    floor.work()
    assert floor.runway.posts == 1 + 2


def test_what_has_changed_since_it_was_judged_is_judged_afresh(
    floor: Floor, judged_by_sweep: list[str]
) -> None:
    video_id = production.put_row(floor.db)
    production.put_log(floor.db, video_id, *production.CALLED)
    judge_all(floor.app)
    production.put_log(floor.db, video_id, *production.CALLED, minutes=10)
    floor.sweep()
    assert judged_by_sweep == [video_id]


def test_what_may_be_retried_by_itself_is_judged_afresh(floor: Floor, judged_by_sweep: list[str]) -> None:
    video_id = production.terminated(floor.db)
    judge_all(floor.app)
    assert floor.actions() == {"ask": 1}
    assert judged_by_sweep == []
    floor.later()
    floor.allow(auto_retry=True)
    assert floor.actions() == {"retry": 1}
    assert judged_by_sweep == [video_id]


def test_what_is_repaired_for_nothing_is_judged_once_and_by_no_more_than_are_repaired_at_once(
    floor: Floor, judged_by_sweep: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lib.operations.sweep.AT_ONCE", 2)
    lost = dict(floor.lost_task() for _ in range(5))
    judged: list[int] = []

    def stopped() -> bool:
        judged.append(len(judged_by_sweep))
        return False

    assert floor.actions(stopped=stopped) == {"recover": 5}
    assert sorted(judged_by_sweep) == sorted(lost)
    assert judged == [2, 4, 5]
    assert {video_id: floor.row(video_id)["runway_video_id"] for video_id in lost} == lost


def test_a_sweep_ends_where_all_that_was_due_is_gone(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    production.terminated(floor.db)
    monkeypatch.setattr("lib.operations.sweep.dossier_rows", lambda *_: [])
    often = iter([False] * 3)
    report = floor.sweep(stopped=lambda: next(often, True))
    assert report is not None
    assert (report.complete, report.decisions) == (True, [])


def test_a_video_whose_task_was_saved_meanwhile_waits_while_runway_does_not_answer(floor: Floor) -> None:
    """Judged as one to retry a moment ago; then a line named its task, and somebody saved it."""
    floor.allow(auto_retry=True)
    video_id, task = production.terminated(floor.db), floor.task()
    judge_all(floor.app)
    production.put_log(floor.db, video_id, *production.ANSWERED, task=task)
    floor.execute("delete from dailies.dirty")

    def stopped() -> bool:
        """Asked once the video is judged."""
        floor.execute(f"update public.videos set runway_video_id = '{task}' where id = '{video_id}'")
        floor.runway.server.stop()
        return False

    assert floor.actions(stopped=stopped) == {"wait": 1}


def test_nothing_is_paid_by_itself_unless_it_is_allowed(floor: Floor) -> None:
    video_id = production.terminated(floor.db)
    assert floor.actions() == {"ask": 1}
    floor.work()
    assert floor.runway.posts == 0
    (flag,) = decisions.flagged(floor.db)
    assert flag.video_id == video_id
    assert "Retrying is safe" in flag.reason


def test_where_nothing_was_created_and_it_is_allowed_one_new_attempt_is_paid(floor: Floor) -> None:
    floor.allow(auto_retry=True)
    video_id = production.terminated(floor.db)
    assert floor.actions() == {"retry": 1}
    floor.work()
    floor.later()
    floor.sweep()
    floor.work()
    (attempt,) = attempts_of(floor.db, video_id)
    assert (attempt.operator, attempt.task_id) == (SWEEP, floor.row(video_id)["runway_video_id"])
    assert floor.runway.posts == 1


def test_where_the_app_may_have_paid_a_person_has_to_decide(floor: Floor) -> None:
    floor.allow(auto_retry=True, take_queued=True)
    video_id = production.put_row(floor.db)
    production.put_log(floor.db, video_id, *production.CALLED)
    assert floor.actions() == {"ask": 1}
    floor.work()
    assert floor.runway.posts == 0


def test_evidence_that_arrives_before_the_retry_is_paid_stops_it(floor: Floor) -> None:
    floor.allow(auto_retry=True)
    video_id = production.terminated(floor.db)
    assert floor.actions() == {"retry": 1}
    production.put_log(floor.db, video_id, *production.CALLED)
    floor.work()
    assert floor.runway.posts == 0
    assert attempts_of(floor.db, video_id) == []


def test_retries_stay_within_the_budget_and_the_rest_waits(floor: Floor) -> None:
    floor.allow(auto_retry=True)
    credits.set_budget(floor.db, SWEEP, 2 * COST, 1000, by="ann")
    for _ in range(3):
        production.terminated(floor.db)
    assert floor.actions() == {"retry": 2, "wait": 1}
    floor.work()
    floor.later()
    assert floor.actions() == {"wait": 1}
    assert floor.runway.posts == 2


def test_a_refusal_for_the_moment_is_tried_again_after_the_pause_runway_asked_for(floor: Floor) -> None:
    floor.allow(auto_retry=True)
    video_id = production.terminated(floor.db, prompt="Rex [fault:http:429:700]")
    floor.sweep()
    floor.work()
    floor.later()
    report = floor.sweep()
    assert report is not None
    assert [(each.action, each.again_seconds >= 700) for each in report.decisions] == [("wait", True)]
    assert floor.actions() == {}
    floor.later()
    assert floor.actions() == {"retry": 1}
    floor.work()
    assert [attempt.number for attempt in attempts_of(floor.db, video_id)] == [2, 1]


def test_a_request_that_runway_would_refuse_is_left_to_people(floor: Floor) -> None:
    floor.allow(auto_retry=True)
    production.terminated(floor.db, input_image_url="http://no.example/rex.jpg")
    assert floor.actions() == {"change_input": 1}


def test_rows_that_the_app_leaves_queued_are_generated_only_where_that_is_agreed(floor: Floor) -> None:
    video_id = production.put_row(floor.db, minutes=0, status="queued")
    assert floor.actions() == {}
    floor.allow(take_queued=True)
    assert floor.actions() == {"retry": 1}
    floor.work()
    (attempt,) = attempts_of(floor.db, video_id)
    assert (attempt.operator, attempt.request) == (
        WORKER,
        GenerationRequest(REQUEST.image, REQUEST.prompt).as_json(),
    )
    assert floor.runway.posts == 1


def test_a_queued_row_that_the_app_works_on_is_left_to_it(floor: Floor) -> None:
    floor.allow(take_queued=True)
    video_id = production.put_row(floor.db, minutes=1, status="queued")
    production.put_log(floor.db, video_id, *production.ACCEPTED, minutes=1)
    assert floor.actions() == {"wait": 1}
    assert queue_metrics(floor.db).waiting == 0


def test_a_video_in_the_queue_is_not_decided_about_again(floor: Floor) -> None:
    floor.allow(auto_retry=True)
    production.terminated(floor.db)
    assert floor.actions() == {"retry": 1}
    floor.later()
    assert floor.actions() == {}
    assert queue_metrics(floor.db).waiting == 1


def test_young_rows_are_left_alone(floor: Floor) -> None:
    production.put_row(floor.db, minutes=1)
    assert floor.actions() == {}


def test_a_decision_is_in_the_audit_once_not_every_minute(floor: Floor) -> None:
    video_id = production.terminated(floor.db)
    for _ in range(3):
        floor.sweep()
        floor.later()
    assert floor.decided(video_id) == ["sweep_ask"]


def test_a_flagged_video_comes_back_ever_more_seldom_and_at_once_with_a_new_verdict(floor: Floor) -> None:
    video_id = production.terminated(floor.db)
    assert floor.actions() == {"ask": 1}
    assert floor.actions() == {}
    floor.execute(
        "insert into dailies.verdicts (video_id, created_at, cause, confidence, action, judged_at) "
        f"values ('{video_id}', now(), 'task_id_not_saved', 'certain', 'recover', now())"
    )
    assert floor.actions() == {"ask": 1}


def test_a_next_look_set_by_a_clock_that_was_wrong_does_not_hold_it_up(floor: Floor) -> None:
    production.terminated(floor.db)
    floor.sweep()
    floor.execute("update dailies.decisions set next_at = now() + interval '10 years'")
    assert floor.actions() == {"ask": 1}


def test_a_flag_is_gone_once_the_video_has_its_task(floor: Floor) -> None:
    video_id = production.terminated(floor.db)
    floor.sweep()
    assert [flag.video_id for flag in decisions.flagged(floor.db)] == [video_id]
    floor.execute("update public.videos set runway_video_id = 'task-1'")
    assert decisions.flagged(floor.db) == []


def test_eight_sweeps_at_the_same_instant_act_once(floor: Floor) -> None:
    found = [floor.lost_task() for _ in range(3)]
    start = threading.Barrier(8)

    def one(_: int) -> Report | None:
        start.wait()
        return floor.sweep(every_seconds=60)

    with ThreadPoolExecutor(8) as pool:
        reports = [report for report in pool.map(one, range(8)) if report]
    assert [report.counts() for report in reports] == [{"recover": 3}]
    assert all(floor.decided(video_id) == ["sweep_recover"] for video_id, _ in found)


def test_the_minutes_sweep_is_done_by_one_of_all_workers(floor: Floor) -> None:
    assert floor.sweep(every_seconds=60) is not None
    assert floor.sweep(every_seconds=60) is None
    floor.execute("update dailies.leases set began_at = began_at - interval '61 seconds'")
    assert floor.sweep(every_seconds=60) is not None


def test_while_one_sweeps_nobody_else_does(floor: Floor) -> None:
    take_lease(floor.db, SWEEP, "another", 60)
    assert floor.sweep() is None
    keep_lease(floor.db, SWEEP, "another", 0)
    assert floor.sweep() is not None


def test_a_sweep_that_lost_its_lease_stops_and_changes_nothing_more(floor: Floor) -> None:
    for _ in range(3):
        floor.lost_task()

    def stopped() -> bool:
        """Another sweep takes the lease once the first videos are judged."""
        floor.execute("update dailies.leases set holder = 'another', until = now() + interval '1 minute'")
        return False

    report = floor.sweep(stopped=stopped)
    assert report is not None
    assert not report.complete
    assert report.decisions == []
    assert sum(row["runway_video_id"] is None for row in videos.list_videos(floor.db)) == 3


def test_a_sweep_that_is_stopped_leaves_the_rest_for_the_next(floor: Floor) -> None:
    for _ in range(AT_ONCE + 2):
        floor.lost_task()
    answers = iter([False])
    report = floor.sweep(stopped=lambda: next(answers, True))
    assert report is not None
    assert (report.complete, report.counts()) == (False, {"recover": AT_ONCE})
    assert floor.actions() == {"recover": 2}


def test_a_sweep_is_bounded_and_the_next_goes_on(floor: Floor) -> None:
    for _ in range(5):
        production.terminated(floor.db)
    assert floor.actions(limit=3) == {"ask": 3}
    assert floor.actions(limit=3) == {"ask": 2}


def test_a_preview_says_the_same_and_changes_nothing(floor: Floor) -> None:
    floor.allow(auto_retry=True)
    production.terminated(floor.db)
    floor.lost_task()
    before = len(audit.trail(floor.db))
    assert preview(floor.app).counts() == {"recover": 1, "retry": 1}
    assert len(audit.trail(floor.db)) == before
    assert queue_metrics(floor.db).waiting == 0
    assert floor.actions() == {"recover": 1, "retry": 1}


def test_what_killed_processes_left_open_is_called_what_it_is(floor: Floor) -> None:
    one, two = production.put_row(floor.db), production.put_row(floor.db)
    attempts.claim(floor.db, one, f"{one}/1", "ann", request=REQUEST, credits=COST)
    claim = attempts.claim(floor.db, two, f"{two}/1", "ann", request=REQUEST, credits=COST)
    attempts.sent(floor.db, claim.attempt.id)
    floor.execute("update dailies.attempts set claimed_at = claimed_at - interval '1 hour', "
                  "sent_at = sent_at - interval '1 hour'")  # fmt: skip
    assert floor.actions() == {"ask": 1}
    assert [attempts_of(floor.db, each)[0].state for each in (one, two)] == ["abandoned", "unknown"]


@pytest.mark.parametrize("late", [production.CALLED, production.ANSWERED])
def test_what_had_not_come_when_a_worker_was_killed_keeps_the_next_one_from_paying(
    floor: Floor, late: Sequence[str]
) -> None:
    floor.allow(auto_retry=True)
    video_id = production.terminated(floor.db)
    assert floor.actions() == {"retry": 1}
    floor.killed_once_claimed()
    production.put_log(floor.db, video_id, *late, task=str(uuid.uuid4()))
    floor.work()
    assert [each.state for each in attempts_of(floor.db, video_id)] == ["abandoned"]
    assert floor.runway.posts == 0


def test_a_killed_workers_job_is_paid_for_while_the_proof_holds(floor: Floor) -> None:
    floor.allow(auto_retry=True)
    video_id = production.terminated(floor.db)
    assert floor.actions() == {"retry": 1}
    floor.killed_once_claimed()
    floor.work()
    assert [each.state for each in attempts_of(floor.db, video_id)] == ["created", "abandoned"]
    assert floor.runway.posts == 1


def test_what_had_not_come_when_an_attempt_was_refused_keeps_the_sweep_from_another(floor: Floor) -> None:
    floor.allow(auto_retry=True)
    video_id = production.terminated(floor.db)
    floor.runway.store.programme.add([PlannedFault("http:429", "POST")])
    assert floor.actions() == {"retry": 1}
    floor.work()
    production.put_log(floor.db, video_id, *production.CALLED)
    for _ in range(2):
        floor.later()
        assert floor.actions() == {"ask": 1}
    assert floor.runway.posts == 1


@pytest.mark.parametrize("behind", [(), ("submitted to the provider",), production.CALLED[5:]])
def test_text_without_request_ids_proves_nothing_once_it_is_stored(
    floor: Floor, behind: Sequence[str]
) -> None:
    """Of such a line nobody knows whose it is: among those of the video it is not looked for."""
    floor.allow(auto_retry=True)
    video_id = production.put_row(floor.db)
    began = datetime.now(UTC) - timedelta(minutes=19)
    said = [line.replace("{video}", video_id) for line in production.ACCEPTED]
    lines = [*enumerate(said), *enumerate(behind, 8), (1_080, "[health] ok")]
    text = "".join(f"{(began + timedelta(seconds=s)).isoformat()} info {line}\n" for s, line in lines)
    import_logs(floor.app, io.BytesIO(text.encode()), name="pasted.log")
    assert floor.actions() == {"ask": 1}


def test_a_call_in_a_request_that_names_nobody_may_be_that_of_a_run_before_it(floor: Floor) -> None:
    """A function of the queue was killed while it waited for Runway's answer."""
    floor.allow(auto_retry=True)
    video_id = production.terminated(floor.db)
    production.put_log(floor.db, "nobody", *production.CALLED[5:], minutes=18)
    assert floor.actions() == {"ask": 1}
    (repair,) = plan(floor.app, [video_id])
    assert "Lines of other requests may be of the call" in repair.reason


@pytest.mark.parametrize(
    ("path", "action"),
    [
        ("/api/clips/{video}/make", "ask"),
        ("/api/clips/{video}?fast=1", "ask"),
        ("/api/clips/{video}.json", "ask"),
        ("/api/clips/clip_{video}:make", "ask"),
        ("/api/rpc/make,%7B%22id%22%3A%22{video}%22%7D", "ask"),
        ("/api/clips/other/make", "retry"),
    ],
)
def test_a_request_that_names_the_video_in_its_path_alone_may_be_of_the_call(
    floor: Floor, path: str, action: str
) -> None:
    floor.allow(auto_retry=True)
    video_id = production.terminated(floor.db)
    production.put_log(
        floor.db, "nobody", "off it goes", minutes=18, path=path.format(video=video_id.upper())
    )
    assert floor.actions() == {action: 1}


REFUSED = (*production.CALLED, "[Runway API] Error: RateLimitError: 429 Too many requests")


@pytest.mark.parametrize(
    ("said", "path"), [(production.CALLED[5:], "/api/queue"), (("off it goes",), "/api/clips/{video}")]
)
def test_a_queue_may_have_tried_a_refused_run_again_in_a_request_that_names_nobody(
    floor: Floor, said: Sequence[str], path: str
) -> None:
    floor.allow(auto_retry=True)
    refused = production.put_row(floor.db)
    production.put_log(floor.db, refused, *REFUSED, level="error")
    production.put_log(floor.db, refused, "[health] ok", minutes=0)
    assert preview(floor.app).counts() == {"retry": 1}
    production.put_log(floor.db, "nobody", *said, minutes=18, path=path.format(video=refused))
    assert floor.actions() == {"ask": 1}
    (repair,) = plan(floor.app, [refused])
    assert "Lines of other requests may be of the call" in repair.reason


@pytest.mark.parametrize(
    "looked",
    ["Task status response: { id: '{task}', status: 'RUNNING' }", "Checking video status for video {other}"],
)
def test_a_call_behind_a_look_at_another_row_is_not_that_rows(floor: Floor, looked: str) -> None:
    """A cron job asks how tasks are, and then creates one."""
    floor.allow(auto_retry=True)
    production.terminated(floor.db)
    task = str(uuid.uuid4())
    looked = looked.replace("{other}", production.put_row(floor.db, runway_video_id=task))
    production.put_log(floor.db, "nobody", looked, *production.CALLED[5:], minutes=18, task=task)
    assert floor.actions() == {"ask": 1}


def test_a_task_that_nobody_has_is_found_behind_any_number_of_lines(floor: Floor) -> None:
    floor.allow(auto_retry=True)
    production.terminated(floor.db)
    steps = [f"step {n}" for n in range(120)]
    told = "[cron] Task created with ID: {task}"
    production.put_log(floor.db, "nobody", *steps, told, minutes=18, task=str(uuid.uuid4()))
    assert floor.actions() == {"ask": 1}


@pytest.mark.parametrize(
    "said",
    ["off goes job {video}", '{"job": "{video}", "event": "render"}', "Checking video status for {video}"],
)
@pytest.mark.parametrize("beside_another", [False, True])
def test_a_request_that_names_the_video_in_words_that_nobody_knows_may_be_of_the_call(
    floor: Floor, said: str, beside_another: bool
) -> None:
    floor.allow(auto_retry=True)
    video_id = production.terminated(floor.db)
    other = production.put_row(floor.db, status="succeeded", runway_video_id=str(uuid.uuid4()))
    begun = [f"Starting video generation for video {other}"] if beside_another else []
    production.put_log(floor.db, video_id, *begun, said, "and on to the provider", minutes=18)
    assert floor.actions() == {"ask": 1}


def test_a_call_whose_task_another_row_has_is_that_rows(floor: Floor) -> None:
    floor.allow(auto_retry=True)
    production.terminated(floor.db)
    task = str(uuid.uuid4())
    production.put_row(floor.db, runway_video_id=task)
    production.put_log(floor.db, "nobody", *production.ANSWERED[5:], minutes=18, task=task)
    assert floor.actions() == {"retry": 1}


@pytest.mark.parametrize("told", [production.ANSWERED[-1], "[cron] Task created with ID: {task}"])
def test_a_task_that_nobody_has_may_be_that_of_a_row_taken_up_again(floor: Floor, told: str) -> None:
    floor.allow(auto_retry=True)
    production.terminated(floor.db, minutes=3 * 60)
    production.put_log(floor.db, "nobody", told, minutes=18, task=str(uuid.uuid4()))
    assert floor.actions() == {"ask": 1}


@pytest.mark.parametrize(("hours", "action"), [(5, "retry"), (7, "ask")])
def test_a_row_that_was_taken_up_again_much_later_is_asked_about_and_its_time_not_looked_through(
    floor: Floor, hours: float, action: str
) -> None:
    floor.allow(auto_retry=True)
    production.terminated(floor.db, minutes=hours * 60)
    assert floor.actions() == {action: 1}


def test_a_task_that_the_row_had_may_still_run_though_the_row_has_it_no_more(floor: Floor) -> None:
    floor.allow(auto_retry=True)
    task = floor.task()
    video_id = production.terminated(floor.db, runway_video_id=task)
    attempts.save_look_up(floor.db, video_id, Task(task, "RUNNING"), 5.0, "poller")
    floor.execute(
        "update public.videos set runway_video_id = null, updated_at = now() - interval '15 minutes'"
    )
    assert floor.actions() == {"ask": 1}
    (repair,) = plan(floor.app, [video_id])
    assert f"The video had {task}" in repair.reason


CLIPS = {
    "flow": "clips",
    "title": "Clips",
    "stages": [
        {"stage": "accepted", "pattern": "clip accepted (?P<video>\\S+)"},
        {"stage": "picked", "pattern": "clip picked"},
        {"stage": "sent", "pattern": "-> provider", "means": "sent"},
        {"stage": "made", "pattern": "<- provider (?P<task>\\S+)", "means": "created"},
    ],
}


def test_a_call_logged_before_its_flow_was_known_may_be_that_of_a_row_taken_up_again(floor: Floor) -> None:
    """No flow had said by then where a line names the video, so its lines were stored as nobody's."""
    floor.allow(auto_retry=True)
    video_id = production.put_row(floor.db, minutes=200)

    def put(minutes: float, *messages: str) -> None:
        began = round((datetime.now(UTC) - timedelta(minutes=minutes)).timestamp() * 1000)
        request = {
            "requestId": f"req-{minutes}",
            "source": "lambda",
            "projectId": "prj_1",
            "host": "app.test",
        }
        lines = [request | {"message": said, "timestamp": began + n} for n, said in enumerate(messages)]
        lines.append(request | {"message": "ok", "timestamp": began + 3_000_000, "requestId": "req-health"})
        exported = "\n".join(map(json.dumps, lines)).encode()
        import_logs(floor.app, io.BytesIO(exported), name="export.ndjson")

    put(199, f"clip accepted {video_id}", "clip picked", "-> provider")
    save_flow(floor.app, CLIPS)
    put(60, f"clip accepted {video_id}", "clip picked")
    assert floor.actions() == {"ask": 1}
    (repair,) = plan(floor.app, [video_id])
    assert "Lines of other requests may be of the call" in repair.reason
