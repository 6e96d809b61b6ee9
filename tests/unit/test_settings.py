"""Settings as people leave them: empty, padded, out of range."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest

from lib.app import App
from lib.cli.run import command as run
from lib.errors import SettingsError
from lib.settings import Settings, load_settings


def settings_of(monkeypatch: pytest.MonkeyPatch, **variables: str) -> Settings:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return load_settings.__wrapped__()


@pytest.mark.parametrize(
    ("variable", "field"),
    [
        ("DAILIES_DATA", "data_dir"),
        ("DAILIES_STUCK_AFTER_MINUTES", "stuck_after_minutes"),
        ("DAILIES_DEMO", "demo"),
        ("DAILIES_FLOWS", "flows_dir"),
        ("DAILIES_OPERATOR", "operator"),
        ("RUNWAY_MODEL_ID", "runway_model"),
        ("RUNWAY_API_KEY", "runway_api_key"),
    ],
)
@pytest.mark.parametrize("blank", ["", " \n"])
def test_a_variable_that_is_set_but_empty_counts_as_not_set(
    monkeypatch: pytest.MonkeyPatch, variable: str, field: str, blank: str
) -> None:
    monkeypatch.delenv(variable, raising=False)
    without = getattr(settings_of(monkeypatch), field)
    assert getattr(settings_of(monkeypatch, **{variable: blank}), field) == without


def test_a_pasted_newline_is_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    key = settings_of(monkeypatch, RUNWAY_API_KEY=" key_1\n").runway_api_key
    assert key is not None
    assert key.get_secret_value() == "key_1"


@pytest.mark.parametrize("value", ["abc", "0", "-1", "inf", "nan", "1e300"])
def test_a_length_of_time_that_nobody_can_wait_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    with pytest.raises(SettingsError, match="DAILIES_STUCK_AFTER_MINUTES: Input should be"):
        settings_of(monkeypatch, DAILIES_STUCK_AFTER_MINUTES=value)


@pytest.mark.parametrize(
    ("source", "content", "told"),
    [
        ("env_file", b"\xff\xfe", ".env or secrets.toml is malformed: 'utf-8' codec"),
        ("toml_file", b"KEY = [secret", "secrets.toml is malformed: Invalid value"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_without_what_stands_in_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, source: str, content: bytes, told: str
) -> None:
    (tmp_path / "file").write_bytes(content)
    monkeypatch.setitem(cast("dict[str, object]", Settings.model_config), source, tmp_path / "file")
    with pytest.raises(SettingsError, match=told) as caught:
        settings_of(monkeypatch)
    assert "[secret" not in str(caught.value)


def test_the_dashboard_does_not_start_with_settings_that_cannot_be_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DAILIES_STUCK_AFTER_MINUTES", "abc")
    load_settings.cache_clear()
    with pytest.raises(SettingsError, match="DAILIES_STUCK_AFTER_MINUTES"):
        run.callback(port=8501, address="127.0.0.1", data=None)  # type: ignore[misc]


def test_the_header_names_runways_host_without_what_may_stand_before_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    address = "https://user:password@runway.example.com:8443/v1"
    settings = settings_of(monkeypatch, RUNWAY_API_KEY="key_1", RUNWAY_BASE_URL=address)
    assert App(settings).runway_label == "Runway (runway.example.com)"
