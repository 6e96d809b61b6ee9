"""What pasted log text says by itself: no row is needed, and nothing is stored."""

from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO

from lib.app import App
from lib.domain.diagnosis import judge
from lib.domain.diagnosis.verdict import Verdict
from lib.domain.trace import time_of
from lib.domain.video import Video
from lib.logs.reading import read_stream
from lib.logs.repeats import merged
from lib.logs.report import ImportReport
from lib.operations.dossiers import dossier_of
from lib.traces.correlate import correlate
from lib.traces.trace import usual_flows


def verdicts_of(app: App, text: str) -> list[Verdict]:
    """Of every video that the lines name, the latest first; as if they were all that was logged, and its row
    still processing. Raises BadInput where the text is no log."""
    now = datetime.now(UTC)
    lines = read_stream(BytesIO(text.encode("utf-8", "replace")), "the pasted text", ImportReport(), now)
    entries, summaries = merged([lines])
    found = correlate(entries, summaries, [], app.flows)
    videos = [
        Video(name, "processing", time_of(min(run.first.entry.at_ms for run in log.runs)))
        for name, log in found.videos.items()
        if log.runs
    ]
    videos.sort(key=lambda video: video.created_at, reverse=True)
    usual = usual_flows([found])
    return [judge(dossier_of(app, video, found, usual, now=now, logs_end=now)) for video in videos]
