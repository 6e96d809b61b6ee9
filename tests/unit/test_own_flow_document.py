"""The example of docs/your-own-flow.md, as it is written there."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from lib.__main__ import main
from lib.settings import load_settings

DOCUMENT = (Path(__file__).resolve().parents[2] / "docs" / "your-own-flow.md").read_text("utf-8")


def example(kind: str) -> str:
    (block,) = re.findall(rf"```{kind}\n(.*?)```", DOCUMENT, re.S)
    return str(block)


def test_the_documented_commands_find_the_lost_task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("rows.json").write_text(example("json"))
    Path("logs.txt").write_text(example("text"))
    monkeypatch.setenv("DAILIES_FLOWS", "flows")
    commands = re.findall(r"^    (?:DAILIES_FLOWS=flows )?python -m lib (.*)$", DOCUMENT, re.M)
    said = []
    for command in commands:
        load_settings.cache_clear()
        told = CliRunner().invoke(main, shlex.split(command), catch_exceptions=False)
        assert told.exit_code == 0, told.output
        said.append(told.stdout)
    load_settings.cache_clear()
    stages = json.loads(Path("flows/clips.json").read_text())["stages"]
    table = re.findall(r"^\| (.*?) \| (\w*) ?\|$", DOCUMENT, re.M)[1:]
    assert [(stage["title"], stage.get("means", "")) for stage in stages] == table
    assert "missing: clip_has_its_task" in said[2]
    assert "0b8f6d2e-5a44-4a0e-8a55-9d2c7b1e4f04" in said[3]
    assert "Task id not saved" in said[3]
