"""Which Runway is opened: the real one with a key, the simulator only for a database of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from lib.errors import SettingsError
from lib.runway.opening import open_runway
from lib.settings import RUNWAY_BASE_URL, Settings


def test_the_simulator_never_answers_for_a_database_that_is_not_its_own(tmp_path: Path) -> None:
    settings = Settings(database_url=SecretStr("postgresql://db.example/postgres"), data_dir=tmp_path)
    with pytest.raises(SettingsError, match="RUNWAY_API_KEY is not set"):
        open_runway(settings)
    assert not list(tmp_path.iterdir())


def test_a_key_opens_runways_own_address(tmp_path: Path) -> None:
    settings = Settings(
        database_url=SecretStr("postgresql://db.example/postgres"),
        runway_api_key=SecretStr("key_" + "0" * 128),
        data_dir=tmp_path,
    )
    client = open_runway(settings)
    assert client.base_url == RUNWAY_BASE_URL
    client.close()
