"""Opens the Runway that the settings name: the real one with a key, the simulator without."""

from __future__ import annotations

from lib.runway.client import RunwayClient, connect
from lib.runway.simulator import SIMULATOR_KEY, ensure_simulator
from lib.settings import Settings


def open_runway(settings: Settings) -> RunwayClient:
    """Raises SettingsError for a key that cannot be sent."""
    if settings.runway_api_key is not None:
        return connect(settings.runway_api_key.get_secret_value(), settings.runway_base_url)
    return connect(SIMULATOR_KEY, ensure_simulator(settings.data_dir).url)
