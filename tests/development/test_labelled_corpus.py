"""Diagnosis against labelled logs, where a folder of them lies beside the project."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT.parent / "shared" / "corpus"


WITHOUT_TASKS = ["--no-tasks", "--format", "drain.ndjson", "--format", "pasted.txt"]


@pytest.mark.parametrize("options", [[], WITHOUT_TASKS], ids=["tasks known", "tasks unknown"])
def test_causes_stages_and_lost_ids_are_right_in_every_format(labelled: Path, options: list[str]) -> None:
    scorer = [sys.executable, str(CORPUS / "score_diagnosis.py"), str(labelled)]
    project = ["--project", str(ROOT), "--python", sys.executable, "--verbose"]
    told = subprocess.run([*scorer, *project, *options], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout + told.stderr
