"""How the time that something takes grows with the length of what it reads."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

MOST = 2.5  # times as long for twice the text
MEASURABLE = 0.002  # seconds; what is faster for twice the text needs no proof
REPEATS = 3
# What patterns stumble over, many times in a row.
WORDS = (
    "card", "apikey", "password", "code.", "://:a", "bearer+!", "cookie:", "{}", "{", "}", "[", "]", "(", ")",
    " ", "\n", "\t", "a", "A", "0", "-", "_", ".", ",", ":", "'", '"', "`", "\\", "/", "@", "%20", "a b",
    "1 ", "a1", "a\n", "a.", "a:", "a=", "token: ", "error: ", "failed ", "status ", "\\'", '\\"', "''", "$$",
    "/*", "--",
)  # fmt: skip


def grows_too_fast(run: Callable[[Any], object], text: Any) -> float | None:
    """How many times as long twice the text takes, where that is more than 2.5 times.

    Read off two doublings at once: in proportion they take 4 times as long, by the square 16 times, so that a
    busy machine hardly makes one look like the other. `run` must work each time that it is called: what
    remembers its answers is measured with a text that differs.
    """
    if _seconds(run, text[: len(text) // 20])[0] > 0.05:  # hopeless
        return float("inf")
    if _seconds(run, text * 2)[0] < MEASURABLE:
        return None
    for longer in (1, 4):  # a bounded repeat may grow up to its bound; what grows at both is no accident
        once, four_times = _seconds(run, text * longer, text * longer * 4, repeats=REPEATS)
        growth = math.sqrt(four_times / once)
        if growth <= MOST:
            return None
    return growth


def _seconds(run: Callable[[Any], object], *texts: Any, repeats: int = 1) -> list[float]:
    """The least time for each. Another process can only make it more, and meets the texts alike: they take
    turns."""
    least = [float("inf")] * len(texts)
    for _ in range(repeats):
        for place, text in enumerate(texts):
            began = time.process_time()
            run(text)
            least[place] = min(least[place], time.process_time() - began)
    return least
