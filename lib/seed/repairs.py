"""What operators did about it: retries, recoveries, a few samples of their own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from lib.domain.attempt import AttemptState
from lib.domain.pricing import DEFAULT_MODEL, GenerationRequest, estimate
from lib.domain.times import iso, to_ms
from lib.seed.calendar import Planned
from lib.seed.cast import new_id
from lib.seed.history import SeededAttempt, SeededAudit, SeededLookUp
from lib.seed.render import Renderer, Story

DEPLOYMENT = "dailies"  # as lib.operations.stage_log writes
_OPERATORS = ("ann", "ben", "chidi")
_CALM_HOURS = (30.0, 42.0)  # how long ago most repairs were done


class Retries(NamedTuple):
    """`of` videos with that cause, `times` retries that go like `scenario`."""

    of: str
    times: int
    scenario: str
    state: AttemptState


_RETRIES = (
    Retries("function_terminated", 20, "ok", AttemptState.CREATED),
    Retries("function_terminated", 2, "task_failed", AttemptState.CREATED),
    Retries("missing_api_key", 7, "ok", AttemptState.CREATED),
    Retries("insufficient_credits", 14, "ok", AttemptState.CREATED),
    Retries("wrong_endpoint", 3, "ok", AttemptState.CREATED),
    Retries("rate_limited", 2, "rate_limited", AttemptState.REFUSED),
    Retries("function_terminated", 3, "network_error", AttemptState.UNKNOWN),
)
_RECOVERED = 9


def repair(renderer: Renderer, stories: list[Story]) -> None:
    """Carries the repairs out on stories that are older than they are."""
    truth, rng = renderer.history.truth, renderer.rng
    oldest = renderer.now_ms - int(_CALM_HOURS[1] * 3_600_000)
    left = [story for story in stories if to_ms(story.planned.at) < oldest]
    rng.shuffle(left)
    for retries in _RETRIES:
        chosen = [story for story in left if truth[story.video_id] == retries.of][: retries.times]
        left = [story for story in left if story not in chosen]
        for story, at in zip(chosen, _moments(renderer), strict=False):
            _retry(renderer, story, retries, at)
    lost = [story for story in left if truth[story.video_id] == "task_id_not_saved"][:_RECOVERED]
    for story, at in zip(lost, _moments(renderer), strict=False):
        _recover(renderer, story, at)


def _moments(renderer: Renderer) -> Iterator[datetime]:
    now = datetime.fromtimestamp(renderer.now_ms / 1000, UTC)
    while True:
        yield now - timedelta(hours=renderer.rng.uniform(*_CALM_HOURS))


def _retry(renderer: Renderer, story: Story, retries: Retries, at: datetime) -> None:
    rng, operator, wish = renderer.rng, renderer.rng.choice(_OPERATORS), story.wish
    before, attempt_id = _audited(story), new_id(rng)
    planned = Planned(at, "sync-sdk", DEPLOYMENT, retries.scenario)
    task = renderer.tell(story, planned, request_id=f"dailies-{attempt_id}")
    credits = estimate(DEFAULT_MODEL, wish.duration) or 0
    reason = story.row["error_message"]
    unknown = retries.state is AttemptState.UNKNOWN
    if unknown:
        reason = (
            "Creating a task: Runway did not answer in time. A task may exist all the same. "
            f"{credits} credits are at risk. Look for the task id in the logs before anything is paid again."
        )
        story.row.update({"status": "processing", "error_message": reason})
    settled = at + timedelta(seconds=rng.uniform(1.5, 4))
    renderer.history.attempts.append(
        SeededAttempt(
            id=attempt_id,
            video_id=story.video_id,
            number=1,
            previous_id=None,
            state=retries.state,
            operator=operator,
            request=GenerationRequest(wish.image, wish.prompt, duration=wish.duration).as_json(),
            credits=credits,
            task_id=task.id if task else None,
            cause=None if task else renderer.history.truth[story.video_id],
            reason=None if task else reason,
            claimed_at=at,
            settled_at=settled,
        )
    )
    begun = before | {"status": "processing"}
    renderer.history.audit.append(
        SeededAudit(at, operator, "retry", story.video_id, attempt_id, before, begun, credits)
    )
    done = "task_created" if task else str(retries.state)
    spent = 0 if retries.state is AttemptState.REFUSED else credits
    renderer.history.audit.append(
        SeededAudit(settled, operator, done, story.video_id, attempt_id, before, _audited(story), spent)
    )


def _recover(renderer: Renderer, story: Story, at: datetime) -> None:
    operator, before = renderer.rng.choice(_OPERATORS), _audited(story)
    created = to_ms(story.planned.at) / 1000
    task = next(
        task
        for task in renderer.history.tasks
        if task.image == story.wish.image and task.created_at >= created
    )
    story.row.update(
        {
            "runway_video_id": task.id,
            "status": "succeeded",
            "error_message": None,
            "video_url": renderer.links(task),
            "updated_at": iso(to_ms(at)),
        }
    )
    renderer.history.truth[story.video_id] = "succeeded"
    renderer.history.look_ups.append(SeededLookUp(task, story.video_id, at))
    after = _audited(story) | {"task_id": task.id, "credits_rescued": str(task.credits)}
    renderer.history.audit.append(
        SeededAudit(at, operator, "recover", story.video_id, None, before, after, 0)
    )


def _audited(story: Story) -> dict[str, str]:
    columns = ("status", "runway_video_id", "video_url", "error_message")
    return {name: value for name in columns if (value := story.row[name]) is not None}
