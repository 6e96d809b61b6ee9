"""One answer: whatever a row says and wherever its run stopped, page, command, batch, sweep and queue agree,
and none of them pays where nothing is proved."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import product
from pathlib import Path
from typing import NamedTuple

from click.testing import CliRunner

from lib.app import App
from lib.cli import retry
from lib.data import batches, credits, queue
from lib.data.database import Database
from lib.data.queue import NewJob
from lib.domain.sweep import SWEEP
from lib.errors import DailiesError
from lib.operations.batches import freeze, work_on
from lib.operations.process import process
from lib.operations.repair import Agreed, carry_out, plan
from lib.operations.sweep import sweep
from lib.runway.simulator import SIMULATOR_KEY
from lib.settings import load_settings
from lib.worker.jobs import JobVerb
from tests.apps import app_of
from tests.production import ACCEPTED, ANSWERED, CALLED, put_log, put_row
from tests.simulated import Simulated

# What a row says: where anything, whoever wrote it had gone on behind the run.
TEXTS = {
    "nothing": "",
    "enum": 'invalid input value for enum video_status: "PENDING"',
    "check": 'new row for relation "videos" violates check constraint "videos_status_check"',
    "no row": '{"code":"PGRST116","details":"The result contains 0 rows","message":"Cannot coerce"}',
    "key": '{"message":"Invalid API key","hint":"Double check your Supabase `anon` key."}',
    "storage": "Failed to upload video to storage: 403 Forbidden",
    "download": "Failed to download video: 404 Not Found",
    "dns": "TypeError: fetch failed: getaddrinfo ENOTFOUND abcdefgh.supabase.co",
    "reset": "write ECONNRESET: the other side refused to go on",
}
STAGES = ("no log", "before the call", "called", "task named")
OWN_FLOW = {
    "flow": "clip-worker",
    "stages": [
        {"stage": "accepted", "pattern": "^\\[clip\\] request for video"},
        {"stage": "fetched", "pattern": "^\\[clip\\] picture fetched"},
        {"stage": "asked", "pattern": "^\\[clip\\] asking Runway", "means": "sent"},
        {"stage": "taken", "pattern": "^\\[clip\\] task created with ID: [0-9a-f]{8}", "means": "created"},
    ],
}
_OWN = (
    "[clip] request for video {video}",
    "[clip] picture fetched",
    "[clip] asking Runway",
    "[clip] task created with ID: {task}",
)
LINES: dict[str, dict[str, tuple[str, ...]]] = {
    "shipped": {"before the call": ACCEPTED, "called": CALLED, "task named": ANSWERED},
    "own": {"before the call": _OWN[:2], "called": _OWN[:3], "task named": _OWN},
}
WAYS = ("page", "command", "batch", "sweep", "queue")
AGE = 20  # minutes of each row


class Question(NamedTuple):
    """A row with this text, whose run stopped at this stage; under these settings."""

    text: str
    stage: str
    flow: str
    patience: int  # minutes
    model: str

    @property
    def name(self) -> str:
        return f"{self.text}, {self.stage}, {self.flow} flow, {self.patience} min, {self.model}"

    @property
    def is_proved(self) -> bool:
        over = self.patience < AGE
        return self.stage == "before the call" and self.text == "nothing" and over


class Answers(NamedTuple):
    """Which ways paid, of those of a question."""

    question: Question
    paid: frozenset[str]

    @property
    def wrong(self) -> str | None:
        if self.paid and not self.question.is_proved:
            return f"paid without proof: {', '.join(sorted(self.paid))}"
        if self.question.is_proved and self.paid != frozenset(WAYS):
            return f"only {', '.join(sorted(self.paid)) or 'nobody'} paid what is proved"
        return None


def questions() -> list[Question]:
    settings = ((5, "gen4_turbo"), (60, "gen4_turbo"), (5, "veo3.1"))
    return [
        Question(text, stage, flow, *chosen)
        for text, stage, flow, chosen in product(TEXTS, STAGES, LINES, settings)
    ]


def ask(
    asked: Sequence[Question], db: Database, url: str, runway: Simulated, folder: Path
) -> Iterator[Answers]:
    """Answers each question in every way, each with a video of its own."""
    flows = folder / "flows"
    flows.mkdir(exist_ok=True)
    (flows / "own.json").write_text(json.dumps(OWN_FLOW))
    credits.set_budget(db, SWEEP, 1e6, 1e6, by="ann")
    credits.set_budget(db, credits.EVERYBODY, 1e6, 1e6, by="ann")
    for patience, model in dict.fromkeys((each.patience, each.model) for each in asked):
        app = app_of(
            db,
            runway.client,
            folder,
            stuck_after_minutes=patience,
            runway_model=model,
            flows_dir=flows,
            auto_retry=True,
        )
        group = [each for each in asked if (each.patience, each.model) == (patience, model)]
        put = {(each, way): _put(each, db) for each in group for way in WAYS}
        put_log(db, "", "[health] ok", minutes=0)
        for way in WAYS:
            _BY[way](app, [put[each, way] for each in group], url, runway)
        prompts = {task.prompt for task in runway.store.tasks()}
        for each in group:
            yield Answers(each, frozenset(way for way in WAYS if f"clip {put[each, way]}" in prompts))


def _put(question: Question, db: Database) -> str:
    video_id = str(uuid.uuid4())
    put_row(
        db,
        minutes=AGE,
        id=video_id,
        prompt=f"clip {video_id}",
        error_message=TEXTS[question.text],
    )
    lines = LINES[question.flow].get(question.stage, ())
    if lines:
        put_log(db, video_id, *lines, minutes=AGE - 1, task=str(uuid.uuid4()))
    return video_id


def _page(app: App, video_ids: Sequence[str], url: str, runway: Simulated) -> None:
    """A click on what the page offers, whatever it is, with nothing typed."""
    for repair in plan(app, video_ids):
        with suppress(DailiesError):
            carry_out(app, Agreed(repair.video_id, repair.action, repair.key))


def _command(app: App, video_ids: Sequence[str], url: str, runway: Simulated) -> None:
    settings = app.settings
    variables = {
        "DATABASE_URL": url,
        "RUNWAY_API_KEY": SIMULATOR_KEY,
        "RUNWAY_BASE_URL": runway.server.url,
        "RUNWAY_MODEL_ID": settings.runway_model,
        "DAILIES_DATA": str(settings.data_dir),
        "DAILIES_FLOWS": str(settings.flows_dir),
        "DAILIES_STUCK_AFTER_MINUTES": str(settings.stuck_after_minutes),
    }
    load_settings.cache_clear()
    for video_id in video_ids:
        CliRunner(env=variables).invoke(retry.command, [video_id, "--yes", "--no-wait"])
    load_settings.cache_clear()


def _batch(app: App, video_ids: Sequence[str], url: str, runway: Simulated) -> None:
    batch = freeze(app, video_ids, {"trouble": "any"})
    while batch.to_do and batches.get(app.db, batch.id).state not in ("done", "aborted"):
        batches.steer(app.db, batch.id, "running", "ann")  # also after a pause: all are to be tried
        while work_on(app, batch.id):
            pass


def _sweep(app: App, video_ids: Sequence[str], url: str, runway: Simulated) -> None:
    sweep(app, holder="answers", limit=10_000)
    _work(app)


def _queue(app: App, video_ids: Sequence[str], url: str, runway: Simulated) -> None:
    """Jobs that a sweep put there on what was known an hour ago."""
    for video_id in video_ids:
        model = app.settings.runway_model
        duration = 8 if model.startswith("veo") else 5
        queue.enqueue(app.db, [NewJob(video_id, f"{video_id}/1", SWEEP, model, "1280:720", duration)])
    _work(app)


def _work(app: App) -> None:
    verb = JobVerb(app, lambda job: process(app, job))
    while verb.step():
        pass
    verb.finish()


_BY: dict[str, Callable[[App, Sequence[str], str, Simulated], None]] = {
    "page": _page,
    "command": _command,
    "batch": _batch,
    "queue": _queue,
    "sweep": _sweep,
}
