"""What the commands print may quote rows and logs: nothing in that moves, colours or turns a terminal, and
no configured secret is in it."""

from __future__ import annotations

import io
import re
import signal
import sys
import threading

from lib.outgoing import masked

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def inert(text: str) -> str:
    """Control characters and those that turn the direction of writing, spelled as JSON does, which stays JSON
    by it; lines and tabs stay."""
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


class Inert(io.TextIOWrapper):
    def write(self, text: str, /) -> int:
        super().write(inert(masked(text)))
        return len(text)


def until_stopped() -> threading.Event:
    """Set by Ctrl-C or SIGTERM from now on, instead of ending the process."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop


def end_when_told() -> None:
    """SIGTERM ends a command as Ctrl-C does: what it has opened is closed, an embedded Postgres among it."""
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))


def make_inert() -> None:
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if isinstance(stream, io.TextIOWrapper):
            stream.flush()
            encoding, is_live = stream.encoding, stream.line_buffering
            told = Inert(stream.detach(), encoding, "backslashreplace", line_buffering=is_live)
            setattr(sys, name, told)
