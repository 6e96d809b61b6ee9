"""`python -m lib import-videos`: exported rows to look at, never into a database of somebody's own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from lib.cli.import_videos import command
from lib.data.connect import open_database
from lib.data.videos import get_video
from lib.domain.times import iso_of
from lib.domain.video import Video
from lib.errors import BadInput
from lib.settings import load_settings
from tests.examples import SALSA

ROW = {
    "id": SALSA,
    "status": "processing",
    "created_at": "2025-11-12T08:59:57.004Z",
    "dance_style": "Salsa",
    "column_of_theirs": 1,
}


def export(folder: Path, *rows: object) -> str:
    path = folder / "videos.json"
    path.write_text(json.dumps(rows))
    return str(path)


@pytest.fixture(autouse=True)
def settings_are_read_anew() -> Iterator[None]:
    load_settings.cache_clear()
    yield
    load_settings.cache_clear()


def test_rows_are_kept_and_what_is_not_kept_is_named(
    monkeypatch: pytest.MonkeyPatch, open_folder: Path, tmp_path: Path
) -> None:
    monkeypatch.setenv("DAILIES_DATA", str(open_folder / "imported"))
    told = CliRunner().invoke(command, [export(tmp_path, ROW)], catch_exceptions=False)
    assert "1 rows, 1 of them new or changed" in told.output
    assert "column_of_theirs" in told.output
    db = open_database(load_settings())
    assert get_video(db, SALSA)["video"]["dance_style"] == "Salsa"
    db.close()


def test_a_row_without_its_status_is_named_before_anything_is_written(tmp_path: Path) -> None:
    told = CliRunner().invoke(command, [export(tmp_path, ROW, {"id": "x", "created_at": "2025-11-12"})])
    assert isinstance(told.exception, BadInput)
    assert "video x: column `status` is missing" in str(told.exception)


def test_times_are_kept_however_the_export_writes_them(
    monkeypatch: pytest.MonkeyPatch, open_folder: Path, tmp_path: Path
) -> None:
    monkeypatch.setenv("DAILIES_DATA", str(open_folder / "imported"))
    times = {"created_at": 1793784600123, "updated_at": "2026-11-04 09:30:07 UTC"}
    CliRunner().invoke(command, [export(tmp_path, ROW | times)], catch_exceptions=False)
    db = open_database(load_settings())
    kept = Video.from_mapped(get_video(db, SALSA)["video"])
    assert (iso_of(kept.created_at), iso_of(kept.updated_at)) == (
        "2026-11-04T09:30:00.123Z",
        "2026-11-04T09:30:07.000Z",
    )
    db.close()


def test_a_database_of_ones_own_is_never_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    told = CliRunner().invoke(command, [export(tmp_path, ROW)])
    assert isinstance(told.exception, BadInput)
    assert "only read into the embedded database" in str(told.exception)
