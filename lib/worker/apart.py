"""Judging in a process of its own, so that it holds no page up.

A verdict takes one or two milliseconds of Python, during which no page of the same process is drawn. Where
there is more than one processor, many videos at once are judged by a child: it gets their evidence as a line
of JSON and answers their verdicts as another. It has no database and decides nothing; whatever becomes of it,
its videos are judged here. It ends with its input, so with this process too, however that ends.
"""

from __future__ import annotations

import gc
import logging
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any, cast

import msgspec

from lib.app import App
from lib.data.verdicts import DossierRow
from lib.operations.judge import judged
from lib.settings import ROOT, Settings
from lib.traces.kept import KeptFlows

logger = logging.getLogger(__name__)

FEW = 20  # videos that are sooner judged here
REST_SECONDS = 60.0
SETTINGS = ("stuck_after_minutes", "log_retention_hours", "runway_model", "take_queued", "flows_dir")


class JudgeApart:
    """One child, begun when there is much to judge, ended when there was not for a while. For one thread."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None
        self._used_at = 0.0

    def judged(self, app: App, rows: Sequence[DossierRow]) -> list[dict[str, Any]]:
        """What `judged` of lib/operations/judge.py answers."""
        if len(rows) < FEW or app.clock is not None:
            if time.monotonic() - self._used_at > REST_SECONDS:
                self.close()
            return judged(app, rows)
        try:
            return self._answer(app, rows)
        except (OSError, ValueError, msgspec.MsgspecError) as error:
            logger.warning("The process that judges has ended: %s", error)
            self.close()
            return judged(app, rows)

    def close(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            child.communicate()

    def _answer(self, app: App, rows: Sequence[DossierRow]) -> list[dict[str, Any]]:
        self._child = self._child or _begin()
        self._used_at = time.monotonic()
        settings = {name: getattr(app.settings, name) for name in SETTINGS}
        flows = app.stored_flows()
        asked = msgspec.json.encode({"settings": settings, "flows": flows, "rows": rows}, enc_hook=str)
        into, out = cast(IO[bytes], self._child.stdin), cast(IO[bytes], self._child.stdout)
        into.write(asked + b"\n")
        into.flush()
        return msgspec.json.decode(out.readline(), type=list[dict[str, Any]])


def _begin() -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", __name__],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is for its parent
    )


@dataclass(frozen=True)
class _ToldApp(App):
    """An app that knows the flows of a database it has not opened."""

    flows_told: Mapping[str, Any] = field(default_factory=dict)

    def stored_flows(self) -> Mapping[str, Any]:
        return self.flows_told


def main() -> None:
    if hasattr(os, "nice"):
        os.nice(5)  # pages come first
    gc.disable()  # it would walk through all evidence again and again, of which nothing is garbage yet
    gc.freeze()  # nor is what was imported
    kept = KeptFlows()
    for line in sys.stdin.buffer:
        asked = msgspec.json.decode(line)
        kept.forget()
        settings = Settings.model_validate(asked["settings"])
        app = _ToldApp(settings, kept_flows=kept, flows_told=asked["flows"])
        sys.stdout.buffer.write(msgspec.json.encode(judged(app, asked["rows"])) + b"\n")
        sys.stdout.buffer.flush()
        gc.collect()


if __name__ == "__main__":
    main()
