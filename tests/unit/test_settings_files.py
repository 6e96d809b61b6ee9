"""Files of settings are read line by line: what is bad is told, and who acts or pays is never guessed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast

import pytest

from lib.domain.alert import RULES
from lib.errors import BadInput, SettingsError
from lib.operations.alerts import rules_in_force
from lib.operations.environment.settings import Level, check_settings
from lib.settings import Settings, load_settings
from lib.traces.flows import load_flows


def read(monkeypatch: pytest.MonkeyPatch, folder: Path, text: str, source: str = "env_file") -> Settings:
    (folder / "file").write_text(text)
    monkeypatch.setitem(cast("dict[str, object]", Settings.model_config), source, folder / "file")
    load_settings.cache_clear()
    monkeypatch.setattr("lib.outgoing.know", lambda _: None)
    try:
        return load_settings()
    finally:
        load_settings.cache_clear()


def test_a_bad_line_is_left_out_and_told_and_the_others_count(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    text = "hello planted-word\nDAILIES_URL=https://one.example\n=x\nDAILIES_URL=https://two.example\n"
    settings = read(monkeypatch, tmp_path, text)
    assert settings.address == "https://two.example"
    assert settings.left_out == (
        "Line 1 of .env is no NAME=value: it is left out.",
        "Line 3 of .env is no NAME=value: it is left out.",
        "Line 4 of .env sets DAILIES_URL again: the last one counts.",
    )
    told = [check for check in check_settings(settings) if check.code == "E122"]
    assert [check.level for check in told] == [Level.WARNING] * 3


@pytest.mark.parametrize(
    "text",
    [
        'DAILIES_READ_ONLY="1\n',
        "DAILIES_AUTO_RETRY: 0\nDAILIES_URL=https://one.example\n",
        'DAILIES_URL="https://one.example\nDAILIES_READ_ONLY=1\nDAILIES_OPERATOR="ann"\n',
        "'DAILIES_PAID_PER_MINUTE=1'\n",
    ],
)
def test_a_setting_in_a_line_that_cannot_be_read_is_refused_and_not_its_default(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str
) -> None:
    with pytest.raises(SettingsError, match=r"Line \d of \.env cannot be read, and DAILIES_"):
        read(monkeypatch, tmp_path, text)


@pytest.mark.parametrize("source", ["env_file", "toml_file", "environment"])
def test_a_misspelt_name_is_told_with_the_one_that_is_meant(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, source: str
) -> None:
    if source == "environment":
        monkeypatch.setenv("DAILIES_READONLY", "1")
        settings = read(monkeypatch, tmp_path, "")
    else:
        settings = read(monkeypatch, tmp_path, 'DAILIES_READONLY = "1"\n', source)
    (said,) = settings.left_out
    assert said.endswith("sets DAILIES_READONLY, which is no setting of Dailies. Is DAILIES_READ_ONLY meant?")


@pytest.mark.parametrize("value", ["lots", "0", "-3", "nan", "1e9"])
def test_a_limit_of_what_may_be_paid_that_is_no_number_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, value: str
) -> None:
    with pytest.raises(SettingsError, match="DAILIES_PAID_PER_MINUTE: Input should be"):
        read(monkeypatch, tmp_path, f"DAILIES_PAID_PER_MINUTE={value}\n")


GOOD = {"key": "mine", "measure": "stuck_minutes", "limit": 3}


@pytest.mark.parametrize(
    "bad",
    [
        {"rules": [GOOD, {"key": "x", "measure": "moon", "limit": 1}]},
        {"rules": [1, GOOD, {"key": "stuck", "measure": "stuck_minutes", "limit": "NaN"}]},
        {"rules": [GOOD], "off": ["moon"]},
        {"rules": [GOOD], "unknown": {}},
    ],
)
def test_a_bad_rule_silences_none_of_the_others(tmp_path: Path, bad: dict[str, object]) -> None:
    (tmp_path / "rules.json").write_text(json.dumps(bad))
    rules, wrong = rules_in_force(tmp_path / "rules.json")
    assert wrong is not None
    assert set(rules) > set(RULES)
    assert [rule.limit for rule in rules if rule.key == "mine"] == [3]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b"[" * 100_000, b'{"rules": 3, "off": 4}'])
def test_a_file_of_rules_that_is_none_leaves_the_shipped_ones(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "rules.json").write_bytes(content)
    assert rules_in_force(tmp_path / "rules.json")[0] == RULES
    assert rules_in_force(tmp_path / "rules.json")[1]


@pytest.mark.parametrize(
    "content",
    [
        b"[" * 100_000,
        b"\xff",
        b'{"flow": "f", "stages": [{"stage": "a", "pattern": "a{99999999999}"},'
        b' {"stage": "b", "pattern": "b"}]}',
        b'{"flow": "f", "stages": [{"stage": "a", "pattern": "'
        + b"(" * 5_000
        + b'"}, {"stage": "b", "pattern": "b"}]}',
    ],
)
def test_a_flow_that_cannot_be_read_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "mine.json").write_bytes(content)
    with pytest.raises(BadInput, match=r"mine\.json"):
        load_flows(tmp_path)
