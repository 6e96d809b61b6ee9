"""Opens the Runway that the settings name: the real one with a key, the simulator without."""

from __future__ import annotations

from lib.errors import SettingsError
from lib.runway.client import RunwayClient, connect
from lib.runway.simulator import SIMULATOR_KEY, ensure_simulator
from lib.settings import Settings


def open_runway(settings: Settings) -> RunwayClient:
    """Raises SettingsError for a key that cannot be sent, and when the simulator would answer for a database
    that is not its own: it would call every real task deleted."""
    if settings.runway_api_key is not None:
        return connect(settings.runway_api_key.get_secret_value(), settings.runway_base_url)
    if not settings.has_runway:
        raise SettingsError(
            "RUNWAY_API_KEY is not set, and the Runway simulator knows nothing of the tasks of this "
            "database: look-ups, repairs and generation are off until it is."
        )
    return connect(SIMULATOR_KEY, ensure_simulator(settings.data_dir).url)
