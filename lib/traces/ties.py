"""Lines that never name their video: what else ties them to a row."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from lib.domain.video import Video
from lib.traces.naming import pictures_in, prompt_in
from lib.traces.runs import Line
from lib.traces.waiting import MOST_OWNERS

BEFORE_MS = 10 * 60_000  # a row may wait that long for its run
WAITS_MS = 60 * 60_000  # and so long for somebody who takes it up again
AFTER_MS = 5_000  # and may seem to be created that much after its lines
AT_ONCE_MS = 10_000  # a run that begins so near to the creation of one row only is likely that row's
CUT = 24  # characters of a shortened address or prompt that still tell rows apart


class Tie(NamedTuple):
    """rows     those the lines may belong to, the latest first
    certain  whether there is one, and they show its picture or its prompt
    likely   whether there is one that was created just then
    """

    rows: tuple[str, ...] = ()
    certain: bool = False
    likely: bool = False


class Rows:
    """Videos without a task, by the time of their creation and by what lines may show of them."""

    def __init__(self, videos: Sequence[Video]) -> None:
        self._by_time = sorted(((_ms(video), video) for video in videos), key=lambda pair: pair[0])
        self._times = [at for at, _ in self._by_time]
        texts = ((video, text) for video in videos for text in (video.input_image_url, video.prompt) if text)
        shown = ((text.splitlines()[0], video) for video, text in texts if text.strip())
        self._by_text = sorted(shown, key=lambda pair: pair[0])
        self._texts = [text for text, _ in self._by_text]

    def tie(self, lines: Sequence[Line]) -> Tie:
        """Whose `lines`, of one request or of one task, are."""
        begin, end = lines[0].entry.at_ms, lines[-1].entry.at_ms
        near = self._created(begin - BEFORE_MS, end + AFTER_MS)
        shown = {video.id: video for line in lines for video in self._shown_by(line)}
        shown = {
            key: video for key, video in shown.items() if begin - BEFORE_MS <= _ms(video) <= end + AFTER_MS
        }
        if shown:
            return Tie(_ids(shown.values()), certain=len(shown) == 1)
        lengths = {length for line in lines if (length := prompt_in(line.entry.message)[1])}
        fitting = [video for video in near if video.prompt and len(video.prompt) in lengths] or near
        at_once = [video for video in fitting if abs(_ms(video) - begin) <= AT_ONCE_MS]
        if len(at_once) == 1 or (lengths and len(fitting) == 1):
            return Tie(_ids(at_once or fitting), likely=True)
        return Tie(_ids(fitting))

    def _created(self, since: int, until: int) -> list[Video]:
        latest = self._by_time[bisect_left(self._times, since) : bisect_right(self._times, until)]
        return [video for _, video in reversed(latest[-MOST_OWNERS:])]

    def _shown_by(self, line: Line) -> Iterator[Video]:
        message = line.entry.message
        for shown in (*pictures_in(message)[:20], prompt_in(message)[0]):
            text = shown.rstrip("…,")
            cut = text.endswith("...") or shown.endswith("…")
            text = text.rstrip(".") if cut else text
            if len(text) >= CUT:
                first = bisect_left(self._texts, text)
                for candidate, video in self._by_text[first : first + MOST_OWNERS]:
                    if candidate == text or (cut and candidate.startswith(text)):
                        yield video


def made_while_waiting(
    waiting: Iterable[tuple[Video, int]], tasks: Sequence[tuple[int, Iterable[str]]]
) -> Iterator[tuple[str, Iterable[str]]]:
    """Of each video, which waits up to a time, the first of the `tasks` that may be its, in order."""
    times = [at for at, _ in tasks]
    for video, until in waiting:
        first, behind = bisect_left(times, _ms(video) - AFTER_MS), bisect_right(times, until)
        for _, named in tasks[first : min(behind, first + MOST_OWNERS)]:
            yield video.id.lower(), named


def _ids(videos: Iterable[Video]) -> tuple[str, ...]:
    return tuple(video.id.lower() for video in videos)


def _ms(video: Video) -> int:
    return round(video.created_at.timestamp() * 1000)
