"""A simulator at high speed and a client of it, for tests over real HTTP."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import httpx
from PIL import Image

from lib.domain.pricing import GenerationRequest
from lib.domain.task import Task
from lib.runway.client import RunwayClient, connect
from lib.runway.simulator import SIMULATOR_KEY, SimulatorServer
from lib.runway.simulator.programme import PlannedFault

SPEED = 200  # a task of five seconds takes a tenth of one
DOG = GenerationRequest(
    image="https://images.example.com/dog.jpg", prompt="A dog dances the robot", duration=2
)

HTTP = httpx.Client(limits=httpx.Limits(max_keepalive_connections=0), trust_env=False)


def data_uri(colour: str, size: tuple[int, int] = (64, 64), kind: str = "png") -> str:
    picture = BytesIO()
    Image.new("RGB", size, colour).save(picture, kind)
    return f"data:image/{kind};base64,{base64.b64encode(picture.getvalue()).decode()}"


@contextmanager
def simulator(data_dir: Path, **settings: float) -> Iterator[SimulatorServer]:
    with SimulatorServer(data_dir) as server:
        server.store.configure(**({"speed": SPEED, "concurrency": 1000, "daily": 10_000} | settings))
        yield server


def client_of(server: SimulatorServer, *, timeout: float = 5.0, retries: int = 0) -> RunwayClient:
    return connect(SIMULATOR_KEY, server.url, timeout=timeout, retries=retries)


def ended(client: RunwayClient, task_id: str) -> Task:
    """The task once it is over."""
    while not (task := client.task(task_id)).is_terminal:
        time.sleep(0.01)
    return task


def plan(server: SimulatorServer, *faults: str, method: str | None = None) -> None:
    server.store.programme.add(PlannedFault(fault, method) for fault in faults)
