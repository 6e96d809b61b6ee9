"""Turns a planned video into its row, its log and its task."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import NamedTuple

from lib.domain.pricing import DEFAULT_MODEL, estimate
from lib.domain.times import iso, to_ms
from lib.domain.trace import LogEntry, RequestSummary
from lib.runway.simulator.schedule import StoredTask
from lib.seed.calendar import SILENT, Planned
from lib.seed.cast import Cast, Wish, new_id, new_request_id
from lib.seed.history import History, SeededEntry, SeededLookUp
from lib.seed.scenarios import Ending, Line, Polls, Script, scripts

Links = Callable[[StoredTask], str]  # the address of a task's output
GENERATE = "/api/videos/generate"
STATUS = "/api/videos/status"
FUNCTION_LIMIT_MS = 60_000
_SLOW_LINES = (  # what a line waited for, and how long that takes, in ms
    ("Runtime Timeout", (FUNCTION_LIMIT_MS, FUNCTION_LIMIT_MS)),
    ("Task created with ID", (600, 2600)),
    ("Response status", (600, 2600)),
    ("[Runway API] Exception", (400, 2200)),
    ("Initial task status", (250, 700)),
    ("status to failed", (60, 250)),
    ("ailed to update", (60, 300)),
    ("to save runway_video_id", (60, 300)),
    ("Successfully", (60, 300)),
    ("is queued.", (60, 300)),
    ("Calling Runway API", (80, 350)),
)

_REFUSED = 'InternalServerError: 500 {"error":"An internal error occurred."}'
_TRACE = "\n    at async checkVideoStatus (/var/task/.next/server/app/api/videos/status/route.js:52:18)"


class Renderer:
    """Appends to `history` what each planned video leaves behind. `links` gives the address of an output."""

    def __init__(self, history: History, rng: Random, now: datetime, links: Links) -> None:
        self.history = history
        self.rng = rng
        self.now_ms = to_ms(now)
        self.links = links
        self._cast = Cast(rng)

    def add(self, planned: Planned) -> Story:
        at = to_ms(planned.at)
        wish, video_id = self._cast.wish(at), new_id(self.rng)
        row: dict[str, str | None] = {
            "id": video_id,
            "user_id": wish.user_id,
            "input_image_url": wish.image,
            "dance_style": wish.dance_style,
            "prompt": wish.prompt,
            "status": "queued",
            "provider": "runway",
            "video_url": None,
            "error_message": None,
            "runway_video_id": None,
            "created_at": iso(at),
            "updated_at": iso(at),
        }
        story = Story(video_id, wish, row, planned)
        self.history.videos.append(story.row)
        if planned.scenario == SILENT:
            story.row.update({"status": "processing", "updated_at": iso(at + 900)})
            self.history.truth[video_id] = "unknown"
        else:
            self.tell(story, planned)
        return story

    def tell(self, story: Story, planned: Planned, request_id: str | None = None) -> StoredTask | None:
        """What happens to the video now, over whatever happened before; its task, when one is created."""
        script = self.rng.choice(scripts(planned.flow, planned.scenario))
        story.row.update({"runway_video_id": None, "error_message": None})
        self.history.truth[story.video_id] = script.cause
        return _Telling(self, planned, script, story, request_id).tell(to_ms(planned.at))


class Story(NamedTuple):
    video_id: str
    wish: Wish
    row: dict[str, str | None]
    planned: Planned


@dataclass(slots=True)
class _Telling:
    """One video's story, told request by request."""

    renderer: Renderer
    planned: Planned
    script: Script
    story: Story
    request_id: str | None

    def tell(self, created_ms: int) -> StoredTask | None:
        rng, script = self.renderer.rng, self.script
        began = created_ms + rng.randrange(150, 600)
        times = [began]
        for _, text in script.recording.lines[1:]:
            low, high = next((ms for part, ms in _SLOW_LINES if part in text), (1, 9))
            times.append(times[-1] + rng.randint(low, high))
        task = self._task(times) if script.recording.creates_task else None
        texts = [(level, self._fill(text, task)) for level, text in script.recording.lines]
        answered = self._answered(began, times)
        self._request(GENERATE, times, texts, task, status=script.recording.answer, answered=answered)
        self._leave(script.recording.status, times[-1], script.recording.error)
        if task:
            self.renderer.history.tasks.append(task)
        self._poll(task, times[-1])
        if task and script.ending:
            self._end(task, script.ending)
        return task

    def _answered(self, began: int, times: Sequence[int]) -> int:
        """When the answer left: in the asynchronous flows that is before the work is done."""
        lines = self.script.recording.lines
        started = (
            at for at, (_, text) in zip(times, lines, strict=True) if "Async operation started" in text
        )
        return next(started, times[-1]) + 3 if lines else began

    def _task(self, times: Sequence[int]) -> StoredTask:
        """Created shortly before a line names it; what still goes on now ends some minutes later."""
        rng, wish, ending = self.renderer.rng, self.story.wish, self.script.ending
        lines = self.script.recording.lines
        first = next(at for at, (_, text) in zip(times, lines, strict=True) if "{task}" in text)
        now, created = self.renderer.now_ms / 1000, (first - 60) / 1000
        status = ending.task if ending else "SUCCEEDED"
        going_on = status in ("RUNNING", "THROTTLED")
        starts = now + rng.uniform(600, 2400) if status == "THROTTLED" else created
        runs = starts + rng.uniform(2, 6)
        ends = (
            now + rng.uniform(180, 420) if status == "RUNNING" else runs + wish.duration * rng.uniform(3, 7)
        )
        credits = estimate(DEFAULT_MODEL, wish.duration) or 0
        code = ending.failure_code if ending else None
        charged = status == "SUCCEEDED" or going_on or (code or "").startswith("SAFETY")
        return StoredTask(
            id=new_id(rng),
            model=DEFAULT_MODEL,
            prompt=wish.prompt,
            image=wish.image,
            ratio="1280:720",
            duration=wish.duration,
            credits=credits,
            created_at=created,
            starts_at=starts,
            runs_at=runs,
            ends_at=ends,
            outcome="SUCCEEDED" if going_on else status,
            failure=ending.failure if ending else None,
            failure_code=code,
            final_credits=credits if charged else 0,
            imported=True,
        )

    def _fill(self, text: str, task: StoredTask | None) -> str:
        wish = self.story.wish
        told = {
            "{video}": self.story.video_id,
            "{image}": wish.image,
            "{full_prompt}": wish.prompt,
            "{prompt}": wish.prompt[:100],
            "{prompt_length}": str(len(wish.prompt)),
            "{duration}": str(wish.duration),
        }
        if task:
            told |= {"{task}": task.id, "{created_at}": iso(int(task.created_at * 1000))}
        for name, value in told.items():
            text = text.replace(name, value)
        return text

    def _request(
        self,
        path: str,
        times: Sequence[int],
        lines: Sequence[Line],
        task: StoredTask | None,
        *,
        answered: int,
        status: int = 200,
    ) -> None:
        history, deployment = self.renderer.history, self.planned.deployment_id
        request_id = (path == GENERATE and self.request_id) or new_request_id(self.renderer.rng, times[0])
        method = "POST" if path == GENERATE else "GET"
        history.requests.append(
            RequestSummary(request_id, times[0], method, path, status, answered - times[0], deployment)
        )
        for at, (level, text) in zip(times, lines, strict=True):
            entry = LogEntry(at, level, text, request_id, path, status, deployment)
            video_named = self.story.video_id if self.story.video_id in text else None
            task_named = task.id if task and task.id in text else None
            history.entries.append(SeededEntry(entry, video_named, task_named))

    def _leave(self, status: str, at_ms: int, error: str | None = None) -> None:
        self.story.row.update({"status": status, "error_message": error, "updated_at": iso(at_ms)})

    def _poll(self, task: StoredTask | None, at_ms: int) -> None:
        for at in self._poll_times(task, at_ms + 3_000):
            if task is None or self.script.polls is Polls.NO_ID:
                self._status_check(at, without_id(self.story.video_id), task)
            elif self.script.polls is Polls.FAILING:
                self._status_check(at, failing(task.id), task)
            else:
                lines = looked_up(self.planned.flow, task, at / 1000, self.renderer.links(task))
                self._status_check(at, lines, task)

    def _poll_times(self, task: StoredTask | None, start: int) -> list[int]:
        rng, kind = self.renderer.rng, self.script.polls
        if kind is Polls.NONE:
            return []
        if kind is Polls.TO_THE_END:
            assert task is not None
            end = int(task.ends_at * 1000) + rng.randrange(300, 4000)
            running = sorted(
                rng.randrange(start, max(end - 2000, start + 1)) for _ in range(rng.randint(1, 3))
            )
            return [*running, end]
        count = {Polls.NO_ID: rng.randint(5, 16), Polls.FAILING: rng.randint(8, 14), Polls.STILL_GOING: 5}[
            kind
        ]
        times = [start + n * rng.randrange(5_000, 7_000) for n in range(count)]
        return [at for at in times if at < self.renderer.now_ms - 1000]

    def _status_check(self, at: int, lines: Sequence[Line], task: StoredTask | None) -> None:
        if lines:
            took = self.renderer.rng.randrange(200, 900)
            times = [at, *(at + took + n for n in range(len(lines) - 1))]
            self._request(STATUS, times, lines, task, answered=times[-1] + 20)

    def _end(self, task: StoredTask, ending: Ending) -> None:
        """What the row says in the end, and what Dailies saw of the task."""
        self.story.row["runway_video_id"] = task.id
        if ending.polls is Polls.TO_THE_END:
            self._leave(ending.row, int(task.ends_at * 1000) + 4_500, ending.failure)
        else:
            self.story.row["status"] = ending.row
        if ending.row == "succeeded":
            self.story.row["video_url"] = self.renderer.links(task)
        checked = datetime.fromtimestamp(self.renderer.now_ms / 1000 - self.renderer.rng.uniform(5, 55), UTC)
        self.renderer.history.look_ups.append(SeededLookUp(task, self.story.video_id, checked))


# What one status check of the production app logs.


def without_id(video_id: str) -> list[Line]:
    return [("warning", f"Video {video_id} is processing but no runway_video_id found.")]


def failing(task_id: str) -> list[Line]:
    """Not in the first flow: what it logs then names no video."""
    return [
        ("info", f"[Runway API] Checking video status for task ID: {task_id}"),
        ("error", f"[Runway API] Error checking video status: {_REFUSED}{_TRACE}"),
        ("error", f"Error checking video status with Runway API: {_REFUSED}{_TRACE}"),
    ]


def looked_up(flow: str, task: StoredTask, at: float, output: str) -> list[Line]:
    """`at` in epoch seconds. The first flow logs a status check only when it fails."""
    if flow == "async-fetch":
        return []
    status = task.status(at)
    done, failed = status == "SUCCEEDED", status == "FAILED"
    failure = f"'{task.failure}'" if failed else "undefined"
    code = f"'{task.failure_code}'" if failed else "undefined"
    progress = str(task.progress(at)) if status == "RUNNING" else "undefined"
    shown = output if done else "undefined"
    return [
        ("info", f"[Runway API] Checking video status for task ID: {task.id}"),
        (
            "info",
            f"[Runway API] Task status response: {{\n  id: '{task.id}',\n  status: '{status}',\n"
            f"  hasOutput: {str(done).lower()},\n  outputCount: {int(done)},\n  failure: {failure},\n"
            f"  failureCode: {code},\n  progress: {progress}\n}}",
        ),
        (
            "info",
            f"[Runway API] Extracted from task: {{\n  hasVideoUrl: {str(done).lower()},\n"
            f"  videoUrl: '{shown[:100]}...',\n  error: {failure}\n}}",
        ),
    ]
