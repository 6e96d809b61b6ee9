"""The checks of what surrounds Dailies: each way to get a setting wrong has its code; no secret is shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from lib.operations.environment.services import check_services
from lib.operations.environment.settings import Check, Level
from lib.settings import Settings

LONG = SecretStr("3f2504e04f8911d39a0c0305e82c3301")
SHORT = SecretStr("hunter2")
QUOTED = SecretStr('"3f2504e04f8911d39a0c0305e82c3301"')
HOOK = SecretStr("https://hooks.slack.com/services/T0/B0/abcdefgh")
HERE = "https://dailies.example.com"


def found(**values: Any) -> list[Check]:
    return check_services(Settings.model_validate(values))


def test_without_any_of_them_there_is_only_a_note_on_logs() -> None:
    assert [(check.code, check.level) for check in found()] == [("E131", Level.NOTE)]


@pytest.mark.parametrize(
    ("values", "code", "level"),
    [
        ({"log_drain_secret": LONG}, "E131", Level.OK),
        ({"log_drain_secret": SHORT}, "E131", Level.ERROR),
        ({"log_drain_secret": QUOTED}, "E131", Level.ERROR),
        ({"log_drain_verify": "code"}, "E131", Level.ERROR),
        ({"cron_secret": LONG}, "E132", Level.OK),
        ({"cron_secret": SHORT}, "E132", Level.ERROR),
        ({"cron_secret": SecretStr("a long one with spaces")}, "E132", Level.ERROR),
        ({"vercel_token": LONG, "vercel_project": "dance"}, "E133", Level.OK),
        ({"vercel_token": QUOTED, "vercel_project": "dance"}, "E133", Level.ERROR),
        ({"vercel_token": LONG, "vercel_project": "p", "log_drain_secret": LONG}, "E133", Level.NOTE),
        ({"vercel_project": "dance"}, "E133", Level.ERROR),
        ({"vercel_team": "team"}, "E133", Level.ERROR),
        ({"vercel_token": LONG}, "E134", Level.ERROR),
        ({"alert_webhook": HOOK, "address": HERE}, "E135", Level.OK),
        ({"alert_webhook": SecretStr("http://hooks.example.com/abcdefgh")}, "E135", Level.ERROR),
        ({"alert_webhook": SecretStr("#alerts-abcdefgh")}, "E135", Level.ERROR),
        ({"alert_webhook": HOOK}, "E136", Level.NOTE),
        ({"alert_rules": Path("/no/such/file")}, "E137", Level.ERROR),
    ],
)
def test_each_way_to_get_it_wrong_has_its_code(values: dict[str, Any], code: str, level: Level) -> None:
    checks = found(**values)
    assert [check.level for check in checks if check.code == code] == [level]
    secrets = [value.get_secret_value() for value in values.values() if isinstance(value, SecretStr)]
    assert not [secret for secret in secrets for check in checks if secret.strip('"') in str(check)]
    assert all(check.todo for check in checks if check.level is not Level.OK)


def test_rules_that_can_be_read_are_counted(tmp_path: Path) -> None:
    file = tmp_path / "rules.json"
    file.write_text('{"rules": [], "off": ["no-videos"]}')
    (check,) = [check for check in found(alert_rules=file) if check.code == "E137"]
    assert (check.level, "9 rules" in check.found) == (Level.OK, True)
