"""A Runway simulator over HTTP and the real client, for tests that pay with play money."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lib.domain.pricing import GenerationRequest
from lib.runway.client import RunwayClient, connect
from lib.runway.simulator import SIMULATOR_KEY, SimulatorServer

REQUEST = GenerationRequest(image="https://images.example.com/rex.jpg", prompt="Rex dances the tango")
COST = 25


class Simulated:
    """A client and the organization it talks to."""

    def __init__(self, server: SimulatorServer, timeout: float) -> None:
        self.server = server
        self.store = server.store
        self.client: RunwayClient = connect(SIMULATOR_KEY, server.url, timeout=timeout, retries=0)

    @property
    def posts(self) -> int:
        return self.store.programme.posts()

    @property
    def task_ids(self) -> list[str]:
        return [task.id for task in self.store.tasks()]


@contextmanager
def simulated(folder: Path, *, timeout: float = 5.0, speed: float = 200.0) -> Iterator[Simulated]:
    """`speed`: how many times faster than Runway its tasks run."""
    with SimulatorServer(folder) as server:
        server.store.configure(speed=speed)
        runway = Simulated(server, timeout)
        yield runway
        runway.client.close()
