"""What is planted in every way in is found in nothing that Dailies writes, keeps or sends."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from lib import outgoing
from lib.data.journal import Journal
from lib.data.postgres import PostgresDatabase
from lib.data.videos import every_video, import_videos
from lib.domain.pricing import GenerationRequest
from lib.errors import DailiesError
from lib.operations.export import VIDEO_COLUMNS, plain_rows, write
from lib.operations.generate import generate
from lib.operations.import_logs import import_logs
from lib.operations.judge import judge_dirty
from lib.web.outgoing import keep_from_logs
from lib.web.replies import failure
from tests.apps import app_of
from tests.examples import TANGO, the_videos
from tests.planted import ENVIRONMENT, planted, written
from tests.simulated import simulated
from tests.web import record

SHAPES = planted(99)
CONFIGURED = "configured:in words/0"  # of a shape that no rule knows


@pytest.fixture(autouse=True)
def _known(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(outgoing, "_known", outgoing._Forms(frozenset()))
    outgoing.know([CONFIGURED])
    before = logging.getLogRecordFactory()
    keep_from_logs()
    yield
    logging.setLogRecordFactory(before)


def test_a_written_secret_would_be_found(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "log").write_bytes(b"\0" * 70_000 + CONFIGURED.encode())
    assert written(tmp_path, [CONFIGURED]) == ["folder/log"]
    assert written(tmp_path, ["something else"]) == []


def test_nothing_planted_is_in_the_database_an_export_a_log_the_journal_or_an_answer(
    postgres: PostgresDatabase, database_url: str, tmp_path: Path
) -> None:
    texts = [f"request failed: {one.text}" for one in SHAPES] + [f"refused {CONFIGURED}"]
    lines = [json.dumps(record(number, text)) for number, text in enumerate(texts)]
    import_logs(app_of(postgres), io.BytesIO("\n".join(lines).encode()), name="planted")
    rows = the_videos()
    for row, text in zip(rows, texts, strict=False):
        row["error_message"] = text if row["id"] != TANGO else f"refused {CONFIGURED}"
    import_videos(postgres, rows)
    with simulated(tmp_path / "simulator") as runway:
        app = app_of(postgres, runway.client, tmp_path)
        generate(app, GenerationRequest(image="https://images.example.com/rex.jpg", prompt="Rex dances"))
    judge_dirty(app, 100)
    out = tmp_path / "out"
    out.mkdir()
    handler = logging.FileHandler(out / "log", "w", "utf-8")
    logger = logging.getLogger("planted")
    logger.addHandler(handler)
    for text in texts:
        logger.error("%s", DailiesError(text))
        (out / f"answer-{len(list(out.iterdir()))}").write_bytes(bytes(failure(DailiesError(text)).body))
    handler.close()
    logger.removeHandler(handler)
    for kind in ("csv", "json"):
        (out / f"videos.{kind}").write_bytes(write(VIDEO_COLUMNS, plain_rows(every_video(postgres)), kind))
    with psycopg.connect(database_url) as connection:
        tables = connection.execute(
            "select c.oid::regclass::text from pg_class c"
            " where c.relkind = 'r' and c.relnamespace = 'dailies'::regnamespace"
        ).fetchall()
        for (table,) in tables:
            dump = connection.execute(f"select coalesce(jsonb_agg(t), '[]')::text from {table} t".encode())
            (out / table).write_text(str(dump.fetchone()))
    assert len(written(out, ["request failed"])) > len(SHAPES)  # it is all there
    assert Journal(tmp_path / "journal.jsonl").read().entries
    secrets = [one.secret for one in SHAPES if len(one.secret) > 12]
    assert len(secrets) > 60
    assert written(tmp_path, [CONFIGURED, *secrets, *ENVIRONMENT.values()]) == []
