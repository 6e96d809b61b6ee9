"""A line is an error where its own logger says so, whatever output the platform found it on."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime

import pytest

from lib.domain.trace import LogEntry
from lib.logs.reading import read_stream
from lib.logs.report import ImportReport

AT = 1764500000000


def levels(*lines: tuple[str, str]) -> list[str]:
    """Of lines that arrive at a level of the platform's, in a drain."""
    sent = [
        {
            "id": str(n),
            "timestamp": AT + n,
            "source": "lambda",
            "deploymentId": "d",
            "level": level,
            "message": text,
        }
        for n, (level, text) in enumerate(lines)
    ]
    content = "\n".join(map(json.dumps, sent)).encode()
    items = read_stream(io.BytesIO(content), "drain", ImportReport(), datetime.now(UTC))
    return [item.level for item in items if isinstance(item, LogEntry)]


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ('{"level":50,"time":1764500000000,"pid":8,"msg":"it broke"}', "error"),
        ('{"level":60,"time":1764500000000,"pid":8,"msg":"it broke"}', "fatal"),
        ('{"level":40,"msg":"hot"}', "warning"),
        ('{"message":"it broke","level":"error","service":"clips"}', "error"),
        ('{"event": "it broke", "level": "critical"}', "fatal"),
        ('{"level":"dpanic","ts":1764500000.1,"msg":"it broke"}', "fatal"),
        ('{"severity":"ERROR","message":"it broke"}', "error"),
        ('{"Timestamp":"2026-11-20T10:00:00Z","LogLevel":"Critical","Message":"it broke"}', "fatal"),
        ('{"@t":"2026-11-20T10:00:00Z","@l":"Error","@mt":"it broke"}', "error"),
        ('{"level":"error","message":"it broke and the line was cut o', "error"),
        ("[2026-11-20 10:00:00] production.ERROR: it broke", "error"),
        ("production.CRITICAL: it broke", "fatal"),
        ("E, [2026-11-20T10:00:00.123456 #14] ERROR -- : it broke", "error"),
        ("fail: Clips.Render[0]\n      it broke", "error"),
        ("2026-11-20 10:00:00 crit: Clips.Render[0]\n      it broke", "fatal"),
        ("[ERROR]\t2026-11-20T10:00:00.123Z\tb1f2\tit broke", "error"),
        ("ERROR:clips.render:it broke", "error"),
        ("ERROR c.x.Render - it broke", "error"),
        ("2026-11-20 10:00:00,123 - clips - ERROR - it broke", "error"),
        ("2026-11-20 10:00:00.123 ERROR 14 --- [nio-8080-exec-1] c.x.Render : it broke", "error"),
        ("2026-11-20 10:00:00.123 [main] ERROR c.x.Render - it broke", "error"),
        ('time=2026-11-20T10:00:00Z level=error msg="it broke"', "error"),
        ('ts=1764500000 caller=main.go:12 level=warn msg="hot"', "warning"),
    ],
)
def test_a_line_that_its_logger_calls_an_error_is_one(line: str, level: str) -> None:
    assert levels(("info", line)) == [level]


@pytest.mark.parametrize(
    "line",
    [
        "It said level=error, and [2026-11-20] production.ERROR: too",
        '{"level":30,"msg":"asked","prompt":"{\\"level\\":50} level=error"}',
        '{"level":30,"user":{"level":"error"}}',
        '{"prompt":"a dog","text":"\\"level\\":60"}',
        "Prompt: ERROR:clips:it broke",
        'prompt="ERROR level=error" level=info',
    ],
)
def test_what_users_write_makes_no_line_an_error(line: str) -> None:
    assert levels(("info", line)) == ["info"]


def test_no_line_is_told_down() -> None:
    assert levels(("error", '{"level":30,"msg":"asked"}'), ("fatal", "ERROR:clips:x")) == ["error", "fatal"]
