"""Serves the simulator from a thread of this process, together with every other process that wants it."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import cast

import fasteners
import httpx
import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from lib.errors import DailiesError
from lib.runway.simulator.app import folder_mark, simulator_app
from lib.runway.simulator.store import SimulatorStore

HOST = "127.0.0.1"
STANDBY_SECONDS = 0.1
START_SECONDS = 10.0


class SimulatorServer:
    """A share in the simulator of one data folder.

    Its port is remembered in `data_dir`/runway/port. Of all processes that hold a share one serves; when it
    goes, the next one takes the port over within moments. `port` asks for a certain one; DailiesError is
    raised by `start` when another program has it.
    """

    def __init__(self, data_dir: Path, port: int | None = None) -> None:
        self.store = SimulatorStore(data_dir)
        self._wanted_port = port
        self._port_file = self.store.folder / "port"
        self._app = simulator_app(self.store)
        self._server: uvicorn.Server | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="runway-simulator", daemon=True)
        self._socket: socket.socket | None = None
        self._port = 0

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self._port}"

    def start(self) -> None:
        """Returns when requests to `url` are answered, by this process or another."""
        with fasteners.InterProcessLock(self.store.folder / "port.lock"):
            self._port, self._socket = self._choose_port()
            self._port_file.write_text(str(self._port))
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._server:
            self._server.should_exit = True
        self._thread.join(START_SECONDS)
        self.store.close()

    def __enter__(self) -> SimulatorServer:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _choose_port(self) -> tuple[int, socket.socket | None]:
        port = self._wanted_port or 0
        if not port:
            with suppress(FileNotFoundError, ValueError):
                port = int(self._port_file.read_text())
        if port:
            listening = _listen(port)
            if listening or self._answers_for_this_folder(port):
                return port, listening
            if self._wanted_port:
                self.store.close()
                raise DailiesError(f"Port {port} belongs to another program: choose one with --port.")
        listening = _listen(0)
        assert listening
        return cast(int, listening.getsockname()[1]), listening

    def _answers_for_this_folder(self, port: int) -> bool:
        try:
            answer = httpx.get(f"http://{HOST}:{port}/simulator", timeout=2, trust_env=False).json()
        except (httpx.HTTPError, ValueError):
            return False
        return isinstance(answer, dict) and answer.get("folder") == folder_mark(self.store)

    def _run(self) -> None:
        while not self._stopping.is_set():
            listening, self._socket = self._socket or _listen(self._port), None
            if listening:
                self._serve(listening)
            else:
                self._stopping.wait(STANDBY_SECONDS)

    def _serve(self, listening: socket.socket) -> None:
        config = uvicorn.Config(
            self._app,
            http=_Protocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._server.should_exit = self._stopping.is_set()
        self._server.run([listening])


class _Protocol(H11Protocol):
    """Gives the app its connection, so that faults can break it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        app = self.app

        async def with_connection(scope: Scope, receive: Receive, send: Send) -> None:
            await app({**scope, "connection": transport}, receive, send)

        self.app = with_connection


def _listen(port: int) -> socket.socket | None:
    """A listening socket, or None when the port is taken. From here on, connections wait to be served."""
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, port))
        listening.listen(128)
    except OSError:
        listening.close()
        return None
    return listening


_shares: dict[Path, SimulatorServer] = {}
_shares_lock = threading.Lock()


def ensure_simulator(data_dir: Path) -> SimulatorServer:
    """This process's share in the simulator of `data_dir`, kept until the process ends."""
    folder = data_dir.resolve()
    with _shares_lock:
        if folder not in _shares:
            share = SimulatorServer(folder)
            share.start()
            _shares[folder] = share
        return _shares[folder]
