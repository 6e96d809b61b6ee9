"""The Runway API, simulated on this machine: what the tests and a run without a key talk to."""

from lib.runway.simulator.app import SIMULATOR_KEY
from lib.runway.simulator.server import SimulatorServer, ensure_simulator

__all__ = ["SIMULATOR_KEY", "SimulatorServer", "ensure_simulator"]
