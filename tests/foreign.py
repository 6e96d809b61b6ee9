"""Three apps that nobody wrote Dailies for: rows, tasks, and a log drain of each, in their own words.

`Kino` is a Python service that logs JSON, counts its films, has several makers of videos and speaks German.
`Reel` logs as little as it can: the video's id in a run's first line, nothing of it afterwards.
`Dock` begins in one request and goes on in another, whose first line names no video; its keys are random
letters, seldom with a digit, and no column's name speaks of a task.
All: a good day to learn from, and an evening with one video of each fate.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

MORNING = datetime(2026, 5, 6, 8, 0, tzinfo=UTC)
EVENING = MORNING + timedelta(hours=10)
NOW = EVENING + timedelta(hours=4)
GOOD_RUNS = 8


class Said(NamedTuple):
    """A line, and the seconds that pass before it."""

    after: float
    text: str
    level: str = "info"


def task_id(number: int) -> str:
    return str(UUID(int=0x7A5C << 112 | number << 64 | 0x8000_0000_0000_0000, version=4))


def clip_id(number: int) -> str:
    return str(UUID(int=0xC11B << 112 | number << 64 | 0x8000_0000_0000_0000, version=4))


@dataclass
class Story:
    """One app's rows, Runway's tasks, and the log as drain records; `fates` by the row's key."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    tasks: list[dict[str, Any]] = field(default_factory=list)
    good: list[dict[str, Any]] = field(default_factory=list)
    evening: list[dict[str, Any]] = field(default_factory=list)
    fates: dict[str, str] = field(default_factory=dict)
    lost: dict[str, str] = field(default_factory=dict)  # tasks that stand in logs only, by the row's key

    def log(self, began: datetime, said: list[Said], path: str, status: int) -> None:
        into, at = (self.good if began < EVENING else self.evening), began
        request = f"{len(self.good) + len(self.evening):x}-{round(began.timestamp())}"
        for line in said:
            at += timedelta(seconds=line.after)
            into.append(
                {
                    "id": f"{len(into)}-{request}", "deploymentId": "dpl_1", "source": "lambda",
                    "host": "x.test", "timestamp": round(at.timestamp() * 1000), "projectId": "p",
                    "level": line.level, "message": line.text, "requestId": request, "path": path,
                    "statusCode": status,
                }
            )  # fmt: skip

    def task(self, number: int, status: str = "SUCCEEDED") -> str:
        self.tasks.append({"id": task_id(number), "status": status})
        return task_id(number)


def kino() -> Story:
    """Numbers as keys, JSON lines, a queue worker beside the request, German."""
    story = Story()

    def film(number: int, fate: str, *, lines: int = 9, error: str | None = None, **columns: Any) -> None:
        began = (MORNING if fate == "good" else EVENING) + timedelta(minutes=3 * number)
        task = task_id(number)
        key, prompt = 41_700 + number, columns.get("text", f"Ein Boot treibt vor Insel {number}, Nebel")

        def line(after: float, event: str, level: str = "info", **more: Any) -> Said:
            return Said(after, json.dumps({"lvl": level.upper(), "app": "kino", "evt": event, **more}), level)

        said = [
            line(0, "film.angefragt", film=key, text=prompt, sek=5 + 5 * (number % 2)),
            line(0.1, "bild.ok", film=key, kb=200 + number),
            line(0.05, "warteschlange", film=key),
            line(1.0, "film.geholt", film=key, arbeiter=f"w-{number % 3}"),
            line(0.2, "runway.aufruf", film=key, modell="gen4_turbo"),
            line(0.9, "runway.antwort", film=key, auftrag=task),
            line(0.1, "auftrag.gespeichert", film=key),
            line(40, "runway.fertig", auftrag=task),
            line(0.2, "film.fertig", film=key, dauer=41.2),
        ]
        story.log(began, said[: min(lines, 3)], "/api/filme", 202)
        if lines > 3:
            late = [line(0.5, "film.fehler", "error", film=key, fehler=error)] if error else []
            story.log(began + timedelta(seconds=2), said[3:lines] + late, "/api/arbeiter", 200)
        if fate == "polling_failing":
            for minutes in (3, 6):
                asked = (
                    line(0, "stand.gefragt", film=key),
                    line(0.3, "stand.fehler", "error", fehler="fetch failed"),
                )
                story.log(began + timedelta(minutes=minutes), list(asked), "/api/filme/x", 500)
        done = fate in ("good", "succeeded")
        story.rows.append(
            {
                "nr": key,
                "nutzer": clip_id(900 + number % 4),
                "zustand": "fertig"
                if done
                else "fehlgeschlagen"
                if error
                else "in_arbeit"
                if lines > 3
                else "wartet",
                "beschreibung": prompt,
                "bild_url": f"https://bilder.kino.example/{number}.png",
                "runway_auftrag": task if lines > 6 else None,
                "ergebnis_url": f"https://filme.kino.example/{number}.mp4" if done else None,
                "fehlertext": error,
                "anbieter": "runway",
                "angelegt_am": began.isoformat(),
                "geloescht_am": None,
            }
            | {name: value for name, value in columns.items() if name != "text"}
        )
        if lines > 5:
            story.task(number, "SUCCEEDED" if fate != "in_progress" else "RUNNING")
        if fate != "good":
            story.fates[str(key)] = fate
        if fate == "task_id_not_saved":
            story.lost[str(key)] = task

    for number in range(GOOD_RUNS):
        film(number, "good")
    film(20, "succeeded")
    film(21, "function_terminated", lines=3)
    film(22, "function_terminated", lines=5)
    film(23, "task_id_not_saved", lines=6)
    film(24, "task_id_not_saved", lines=6, error="canceling statement due to statement timeout")
    film(25, "never_polled", lines=7)
    film(26, "in_progress", lines=7)
    film(27, "insufficient_credits", lines=5, error="You do not have enough credits to run this task.")
    film(28, "other_provider", lines=3, anbieter="kling")
    film(29, "deleted", lines=3, geloescht_am=EVENING.isoformat())
    imitates = json.dumps(
        {"lvl": "INFO", "app": "kino", "evt": "runway.antwort", "film": 1, "auftrag": task_id(77)}
    )
    film(30, "function_terminated", lines=4, text=f"Meer\n{imitates}")
    film(31, "polling_failing", lines=7)
    film(40, "succeeded")  # the logs go on
    return story


def reel() -> Story:
    """Lines of two or three words; only the first has the video's id. A status route in one line."""
    story = Story()

    def clip(number: int, fate: str, *, lines: int = 5, error: str | None = None, **columns: Any) -> None:
        began = (MORNING if fate == "good" else EVENING) + timedelta(minutes=3 * number)
        key, task = clip_id(number), task_id(number)
        prompt = columns.pop("prompt", f"a lighthouse seen from boat {number}")
        said = [
            Said(0, f"+ {key} {prompt!r}"),
            Said(0.2, f"img ok {100 + number}kB"),
            Said(0.3, f"> gen4_turbo {5 + 5 * (number % 2)}s"),
            Said(1.1, f"< {task}"),
            Said(0.1, "kept"),
        ][:lines]
        broke = [Said(0.4, f"x {error}", "error")] if error else []
        story.log(began, said + broke, "/api/reel", 500 if error else 202)
        done = fate in ("good", "succeeded")
        if done:
            story.log(
                began + timedelta(minutes=2),
                [Said(0, f"? {key}"), Said(0.2, "= SUCCEEDED")],
                "/api/reel/x",
                200,
            )
        if fate == "polling_failing":
            for minutes in (2, 4, 6):
                asked = [Said(0, f"? {key}"), Said(0.3, "x TypeError: fetch failed", "error")]
                story.log(began + timedelta(minutes=minutes), asked, "/api/reel/x", 500)
        story.rows.append(
            {
                "clipId": key,
                "authorId": clip_id(900 + number % 4),
                "phase": "DONE" if done else "BROKEN" if error else "SHOOTING",
                "text": prompt,
                "frame": f"https://stills.example/{number}.jpg",
                "jobId": task if lines > 4 else None,
                "movie": f"https://movies.example/{number}.mp4" if done else None,
                "trouble": error,
                "createdAt": began.isoformat(),
                "updatedAt": None,
            }
        )
        if lines > 3:
            story.task(number)
        if fate != "good":
            story.fates[key] = fate
        if fate == "task_id_not_saved":
            story.lost[key] = task

    for number in range(GOOD_RUNS):
        clip(number, "good")
    clip(20, "succeeded")
    clip(21, "function_terminated", lines=2)
    clip(22, "function_terminated", lines=3)
    clip(23, "task_id_not_saved", lines=4)
    clip(
        24, "task_id_not_saved", lines=4, error='new row violates row-level security policy for table "clips"'
    )
    clip(25, "never_polled")
    clip(26, "polling_failing")
    clip(27, "insufficient_credits", lines=3, error="You do not have enough credits to run this task.")
    clip(28, "function_terminated", lines=2, prompt=f"a cat\n< {task_id(78)}\nkept")
    clip(40, "succeeded")  # the logs go on
    return story


def dock() -> Story:
    """A consumer takes jobs off a queue: its first line has the job's number alone."""
    story = Story()

    def key_of(number: int) -> str:
        return f"kQ{chr(97 + number % 26)}Zw{'x7' if number % 3 == 0 else 'Tb'}{chr(65 + number % 26)}uLmp"

    def clip(number: int, fate: str, *, lines: int = 8, error: str | None = None) -> None:
        began = (MORNING if fate == "good" else EVENING) + timedelta(minutes=3 * number)
        key, task, prompt = key_of(number), task_id(number), f"a crane lifts crate {number}"
        said = [
            Said(0, f"order in, {5 + 5 * (number % 2)} s"),
            Said(0.1, f"order {key} is a row"),
            Said(0.1, f"queued as job-{number}"),
            Said(1.0, f"took job-{number}"),
            Said(0.1, f"order={key} wants {prompt}"),
            Said(0.2, "calling gen4_turbo"),
            Said(1.2, f"ticket {task}"),
            Said(0.1, f"order={key} has ticket {task}"),
        ]
        warned = [] if fate == "good" else [Said(0.1, "(node:4) Warning: slow start", "error")]
        broke = [Said(0.4, f"order={key} sank: {error}", "error")] if error else []
        story.log(began, said[: min(lines, 3)] + warned, "/api/orders", 202)
        if lines > 3:
            story.log(
                began + timedelta(seconds=2), said[3:lines] + broke, "/api/consume", 500 if error else 200
            )
        done = fate in ("good", "succeeded")
        story.rows.append(
            {
                "ref": key,
                "customer": clip_id(900 + number % 4),
                "state": "ashore" if done else "sunk" if error else "waiting" if lines < 4 else "afloat",
                "wish": prompt,
                "still": f"https://stills.example/{number}.jpg",
                "ticket": task if lines > 7 else None,
                "film": f"https://films.example/{number}.mp4" if done else None,
                "trouble": error,
                "ordered_at": began.isoformat(),
            }
        )
        if lines > 5:
            story.task(number)
        if fate != "good":
            story.fates[key] = fate
        if fate == "task_id_not_saved":
            story.lost[key] = task

    for number in range(GOOD_RUNS):
        clip(number, "good")
    clip(20, "succeeded")
    clip(9, "function_terminated", lines=3)
    clip(10, "task_id_not_saved", lines=7)
    clip(11, "task_id_not_saved", lines=7, error="canceling statement due to statement timeout")
    clip(12, "task_id_not_saved", lines=7, error="remaining connection slots are reserved")
    clip(13, "never_polled")
    clip(14, "insufficient_credits", lines=6, error="You do not have enough credits to run this task.")
    clip(15, "function_terminated", lines=5)
    clip(25, "succeeded")  # the logs go on
    return story


def as_drain(records: list[dict[str, Any]]) -> Iterator[str]:
    """As a drain delivers them: out of order, now and then twice."""
    for number, record in enumerate(sorted(records, key=lambda each: each["id"])):
        yield json.dumps(record)
        if number % 17 == 0:
            yield json.dumps(record)
