"""What the text of a row gives away does not reach a verdict, a command's output or the stored evidence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from lib.cli.diagnose import command as diagnose
from tests.planted import Planted, planted


@pytest.mark.parametrize("one", planted(7), ids=lambda one: one.shape)
def test_diagnose_quotes_a_row_without_its_secret(one: Planted, tmp_path: Path) -> None:
    text, secret = one.text, one.secret
    rows = tmp_path / "rows.json"
    rows.write_text(
        json.dumps(
            [
                {
                    "id": "0d8f4c1e-2b6a-4f70-9a35-6c1d7e80b942",
                    "status": "failed",
                    "created_at": "2026-05-04T10:00:00Z",
                    "error_message": f"401 Unauthorized from api.dev.runwayml.com: {text}",
                }
            ]
        )
    )
    told = CliRunner().invoke(
        diagnose, ["--videos", str(rows), "--now", "2026-05-04T12:00:00Z", "--json"], catch_exceptions=False
    )
    assert told.exit_code == 0
    assert "401" in told.output
    assert secret not in told.output
