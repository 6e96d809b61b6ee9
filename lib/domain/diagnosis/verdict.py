"""A verdict: the cause, what proves it, and the one thing to do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from lib.domain.cause import CAUSES, Side
from lib.domain.times import iso_of
from lib.domain.trace import LogEntry, Trace, time_of
from lib.domain.video import Video

_LONGEST = 300


class Confidence(StrEnum):
    CERTAIN = "certain"  # somebody said so: Runway, the database, the platform or the app
    LIKELY = "likely"  # it follows from what is there and what is not
    POSSIBLE = "possible"  # nothing speaks against it


CERTAIN, LIKELY, POSSIBLE = Confidence


class Source(StrEnum):
    ROW = "row"
    LOG = "log"
    TASK = "task"
    ATTEMPT = "attempt"
    REQUEST = "request"
    NEEDED = "needed"  # evidence that is not there and would decide


@dataclass(frozen=True, slots=True)
class Evidence:
    source: Source
    at: datetime | None
    text: str

    @classmethod
    def of_log(cls, entry: LogEntry) -> Evidence:
        return cls(Source.LOG, time_of(entry.at_ms), shorten(entry.message))

    @classmethod
    def of_row(cls, video: Video, *columns: str) -> Evidence:
        """The row's status and the named columns."""
        said = [f"{column}: {getattr(video, column) or 'empty'}" for column in ("status", *columns)]
        return cls(Source.ROW, video.updated_at, shorten(", ".join(said)))

    def as_json(self) -> dict[str, Any]:
        return {"source": str(self.source), "at": iso_of(self.at), "text": self.text}


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule says. `recheck_at`: when time alone may change it."""

    cause: str
    confidence: Confidence
    evidence: tuple[Evidence, ...]
    recheck_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """rule, explanation  which rule decided, and why, in one sentence for people
    recoverable_runway_id  a task of this video for certain whose id is not in the row
    candidate_runway_ids   tasks that may be this video's or another's
    """

    video_id: str
    cause: str
    confidence: Confidence
    rule: str
    explanation: str
    evidence: tuple[Evidence, ...]
    trace: Trace
    stuck: bool
    judged_at: datetime
    recoverable_runway_id: str | None = None
    candidate_runway_ids: tuple[str, ...] = ()
    recheck_at: datetime | None = None

    def as_row(self) -> dict[str, Any]:
        """JSON values under the column names of `dailies.verdicts`, without `action`, and `rule` and
        `explanation`."""
        trace = self.trace
        return {
            "video_id": self.video_id,
            "flow": trace.flow,
            "cause": self.cause,
            "confidence": str(self.confidence),
            "stuck": self.stuck,
            "rule": self.rule,
            "explanation": self.explanation,
            "stages": [
                {"stage": s.stage, "state": str(s.state), "at": iso_of(s.at)}
                for s in (*trace.stages, *trace.polling)
            ],
            "first_missing": trace.first_missing,
            "recoverable_runway_id": self.recoverable_runway_id,
            "candidate_runway_ids": list(self.candidate_runway_ids),
            "evidence": [each.as_json() for each in self.evidence],
            "deployment_id": trace.deployment_id,
            "tries": len(trace.runs),
            "polls": len(trace.polls),
            "last_polled_at": iso_of(trace.polls[-1].at) if trace.polls else None,
            "judged_at": iso_of(self.judged_at),
            "recheck_at": iso_of(self.recheck_at),
        }


def is_stuck(video: Video, cause: str) -> bool:
    return not video.is_finished and CAUSES[cause].side is not Side.SETTLED


def shorten(text: str) -> str:
    """The first line, and what follows of an object that begins on it, in at most 300 characters."""
    lines = [line.strip() for line in text.splitlines() if not line.lstrip(" '\"").startswith("at ")]
    said = " ".join(line for line in lines if line)
    return said if len(said) <= _LONGEST else said[: _LONGEST - 1] + "…"
