"""What is shipped for running Dailies as a service names commands, files and settings that exist."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from lib.__main__ import COMMANDS
from lib.settings import ROOT, Settings

SERVICES = sorted((ROOT / "deploy").glob("*.service"))
FILES = [*SERVICES, ROOT / "deploy" / "compose.yaml", ROOT / "deploy" / "Dockerfile", ROOT / "Procfile"]
SETTINGS = {
    str(name).upper()
    for field in Settings.model_fields.values()
    for name in getattr(field.validation_alias, "choices", ())
}


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.name)
def test_every_command_exists(file: Path) -> None:
    words = file.read_text("utf-8").replace('", "', " ")
    commands = re.findall(r"python -m lib ([a-z-]+)", words)
    assert commands
    assert set(commands) <= set(COMMANDS)


def test_the_compose_file_sets_only_settings_that_exist() -> None:
    text = (ROOT / "deploy" / "compose.yaml").read_text("utf-8")
    assert set(re.findall(r"^    ([A-Z_]+): \$", text, re.M)) <= SETTINGS
    assert "dockerfile: deploy/Dockerfile" in text


def test_the_compose_file_passes_on_whatever_the_page_on_deploying_and_the_routes_speak_of() -> None:
    text = (ROOT / "deploy" / "compose.yaml").read_text("utf-8")
    page = (ROOT / "docs" / "deploy.md").read_text("utf-8")
    routes = (ROOT / "README.md").read_text("utf-8").partition("## Over HTTP")[2].partition("## Alerts")[0]
    named = set(re.findall(r"\b(?:DAILIES_[A-Z_]+|CRON_SECRET)\b", page + routes)) & SETTINGS
    assert {"DAILIES_HOSTS", "CRON_SECRET", "DAILIES_METRICS_TOKEN"} <= named
    left_out = {"DAILIES_SESSION_HOURS"}  # has a default that few change
    assert named - left_out <= set(re.findall(r"^    ([A-Z_]+): \$", text, re.M))


def test_a_setting_that_is_passed_on_empty_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "CRON_SECRET",
        "DAILIES_METRICS_TOKEN",
        "DAILIES_LOG_DRAIN_SECRET",
        "DAILIES_LOG_DRAIN_VERIFY",
    ):
        monkeypatch.setenv(name, "")
    settings = Settings()
    assert settings.cron_secret is None
    assert settings.metrics_token is None
    assert settings.log_drain_secret is None
    assert settings.log_drain_verify is None


@pytest.mark.parametrize("file", SERVICES, ids=lambda path: path.name)
def test_a_service_gives_the_paid_call_in_hand_time_to_end(file: Path) -> None:
    unit = dict(re.findall(r"^(\w+)=(.*)$", file.read_text("utf-8"), re.M))
    assert unit["KillSignal"] == "SIGTERM"
    assert int(unit["TimeoutStopSec"]) > 150, "longer than the loop waits for the unit in hand"
    assert unit["Environment"] == f"DAILIES_DATA=/var/lib/{unit['StateDirectory']}"


@pytest.mark.parametrize("file", SERVICES, ids=lambda path: path.name)
def test_a_service_is_given_no_more_than_it_needs(file: Path) -> None:
    if not (tool := shutil.which("systemd-analyze")):
        pytest.skip("systemd-analyze is not installed here")
    said = subprocess.run(
        [tool, "security", "--offline=true", str(file)], capture_output=True, text=True, check=True
    ).stdout
    level = re.search(r"Overall exposure level for [^:]+: ([\d.]+)", said)
    assert level
    assert float(level[1]) <= 3


def test_nothing_secret_gets_into_the_image() -> None:
    ignored = (ROOT / "deploy" / "Dockerfile.dockerignore").read_text("utf-8").splitlines()
    assert {"**/.env*", "**/secrets.toml", ".dailies", ".git"} <= set(ignored)
    assert "USER 10001" in (ROOT / "deploy" / "Dockerfile").read_text("utf-8")


def test_what_is_deployed_is_locked_with_hashes() -> None:
    """Every requirement, at its version, and no address of an index."""
    wanted = re.findall(r"^([\w-]+)(?:\[\w+\])?==([\w.]+)", (ROOT / "requirements.txt").read_text(), re.M)
    text = (ROOT / "requirements.lock").read_text("utf-8")
    locked = dict(re.findall(r"^([\w.-]+)==([\w.]+) \\$", text, re.M))
    assert len(wanted) > 15
    assert {name.lower().replace("_", "-"): version for name, version in wanted}.items() <= locked.items()
    assert text.count("--hash=sha256:") >= len(locked)
    assert "://" not in text
    assert "file:" not in text
