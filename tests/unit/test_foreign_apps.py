"""Apps that nobody wrote Dailies for, by commands alone: a map and a flow are proposed, then it is judged."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner

from lib.cli.diagnose import command as diagnose
from lib.cli.flow import command as flow
from lib.cli.map import command as propose_map
from lib.settings import load_settings
from tests.foreign import NOW, Story, as_drain, dock, kino, reel


class Judged(NamedTuple):
    story: Story
    folder: Path
    answers: Mapping[str, Mapping[str, Any]]


def run(command: Any, *arguments: object) -> str:
    told = CliRunner().invoke(command, list(map(str, arguments)), catch_exceptions=False)
    assert told.exit_code == 0, told.output
    return told.stdout


@pytest.fixture(params=[kino, reel, dock], ids=["Kino", "Reel", "Dock"])
def judged(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Judged:
    tell: Callable[[], Story] = request.param
    story, rows, mapping = tell(), tmp_path / "rows.json", tmp_path / "map.toml"
    rows.write_text(json.dumps(story.rows))
    (tmp_path / "tasks.json").write_text(json.dumps(story.tasks))
    (tmp_path / "good.ndjson").write_text("\n".join(as_drain(story.good)))
    (tmp_path / "evening.ndjson").write_text("\n".join(as_drain(story.evening)))
    learned = tmp_path / "flows" / "learned.json"
    run(propose_map, "--rows", rows, "--out", mapping)
    run(flow, "learn", "--logs", tmp_path / "good.ndjson", "--rows", rows, "--map", mapping, "--out", learned)
    monkeypatch.setenv("DAILIES_FLOWS", str(learned.parent))
    load_settings.cache_clear()
    files = ["--videos", rows, "--map", mapping, "--logs", tmp_path / "evening.ndjson"]
    told = run(diagnose, *files, "--tasks", tmp_path / "tasks.json", "--now", NOW.isoformat(), "--json")
    load_settings.cache_clear()
    return Judged(story, tmp_path, {each["video_id"]: each for each in json.loads(told)})


def test_every_cause_is_right(judged: Judged) -> None:
    assert {key: judged.answers[key]["cause"] for key in judged.story.fates} == judged.story.fates


def test_every_lost_id_is_found_and_no_other(judged: Judged) -> None:
    found = {key: each.get("recoverable_runway_id") for key, each in judged.answers.items()}
    assert {key: task for key, task in found.items() if task} == judged.story.lost


def test_nothing_pays_while_a_task_exists(judged: Judged) -> None:
    made = {task["id"] for task in judged.story.tasks}
    paying = [key for key, each in judged.answers.items() if (each.get("repair") or {}).get("pays")]
    of_run = {str(row.get("nr") or row.get("clipId") or row.get("ref")): row for row in judged.story.rows}
    assert not [key for key in paying if judged.story.lost.get(key) or set(of_run[key].values()) & made]


def test_every_row_has_its_repair_one_that_is_not_judged_too(judged: Judged) -> None:
    fields = {"kind", "pays", "credits", "needs_a_person", "reason", "proof"}
    repairs = [each["repair"] for key, each in judged.answers.items() if key]
    assert [set(each) >= fields for each in repairs] == [True] * len(judged.story.rows)


def test_the_flow_says_what_is_sent_created_and_saved(judged: Judged) -> None:
    stages = json.loads((judged.folder / "flows" / "learned.json").read_text())["stages"]
    means = {stage["means"]: stage["pattern"] for stage in stages if "means" in stage}
    assert set(means) == {"sent", "created", "saved"}
    assert "(?P<task>" in means["created"]
    assert all(pattern.startswith("^") for pattern in means.values())


def test_a_check_shows_what_a_broken_run_misses(judged: Judged) -> None:
    files = ["--rows", judged.folder / "rows.json", "--map", judged.folder / "map.toml"]
    logs = ["--logs", judged.folder / "evening.ndjson"]
    told = run(flow, "check", judged.folder / "flows" / "learned.json", *logs, *files)
    assert "  complete" in told
    assert "  missing: " in told
