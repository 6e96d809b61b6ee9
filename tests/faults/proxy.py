"""A wire to Postgres that can be cut, and that can lose the answer to a call that was carried out."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

DONE = b"Z\0\0\0\5"  # how the server says so, once the transaction is over
HOST = "127.0.0.1"
_PREPARES = re.compile(rb"P....([^\0]+)\0([^\0]*)\0", re.S)
_PREPARED = re.compile(rb"B....[^\0]*\0([^\0]+)\0", re.S)
_SESSION = re.compile(rb"K\0\0\0\x0c....", re.S)


class Proxy:
    """Listens on a port of its own, and passes on to the port that `upstream` names at that moment.
    `as_pooler`: sessions have numbers of its own, as a pooler's have."""

    def __init__(self, upstream: Callable[[], int], *, as_pooler: bool = False) -> None:
        self._upstream = upstream
        self._as_pooler = as_pooler
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._listening = socket.create_server((HOST, 0))
        self.port: int = self._listening.getsockname()[1]
        self._lost_call: bytes | None = None
        self._silent: set[socket.socket] = set()
        self._flows = threading.Event()
        self._flows.set()
        self._accept()

    def cut(self) -> None:
        """Connections break, new ones are refused."""
        with self._lock:
            _close(self._listening)
            while self._open:
                _close(self._open.pop())

    def freeze(self) -> None:
        """Connections stay open, and nothing comes through until it is mended."""
        self._flows.clear()

    def lose_answer(self, function: str, *, then_cut: bool) -> None:
        """To the next call of this function: it is carried out, then the connection breaks off."""
        self._lost_call, self._cuts = f'"{function}"'.encode(), then_cut

    def mend(self) -> None:
        self._flows.set()
        self._lost_call = None
        if self._listening.fileno() < 0:
            self._listening = socket.create_server((HOST, self.port))
            self._accept()

    def close(self) -> None:
        self._flows.set()
        self.cut()

    def _accept(self) -> None:
        threading.Thread(target=self._serve, args=(self._listening,), daemon=True).start()

    def _serve(self, listening: socket.socket) -> None:
        with suppress(OSError):  # it was closed
            while True:
                client, _ = listening.accept()
                try:
                    server = socket.create_connection((HOST, self._upstream()))
                except OSError:
                    _close(client)
                    continue
                with self._lock:
                    self._open |= {client, server}
                for pump, ends in ((self._there, (client, server)), (self._back, (server, client))):
                    threading.Thread(target=pump, args=ends, daemon=True).start()

    def _there(self, client: socket.socket, server: socket.socket) -> None:
        prepared: dict[bytes, bytes] = {}  # what each statement says
        with suppress(OSError):
            while data := client.recv(65536):
                prepared |= _PREPARES.findall(data)
                said = data + b"".join(prepared.get(name, b"") for name in _PREPARED.findall(data))
                if self._lost_call and self._lost_call in said:
                    self._lost_call = None
                    self._silent.add(server)
                self._flows.wait()
                server.sendall(data)
        self._end(client, server)

    def _back(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while data := server.recv(65536):
                self._flows.wait()
                if self._as_pooler:
                    data = _SESSION.sub(b"K\0\0\0\x0c\0\0\0\1", data)
                if server not in self._silent:
                    client.sendall(data)
                elif DONE in data:
                    if self._cuts:
                        self.cut()
                    break
        self._end(client, server)

    def _end(self, *ends: socket.socket) -> None:
        with self._lock:
            for end in ends:
                self._open.discard(end)
                self._silent.discard(end)
                _close(end)


@contextmanager
def behind_a_pooler(url: str) -> Iterator[str]:
    """The address of the same database behind a proxy that is taken for a pooler."""
    port = urlsplit(url).port
    assert port
    proxy = Proxy(lambda: port, as_pooler=True)
    try:
        yield url.replace(f":{port}/", f":{proxy.port}/")
    finally:
        proxy.close()


def _close(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
