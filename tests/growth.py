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
    if _seconds(run, text[: len(text) // 20]) > 0.05:  # hopeless
        return float("inf")
    if _seconds(run, text * 2) < MEASURABLE:
        return None
    growth = 0.0
    for longer in (1, 4):  # a bounded repeat may grow up to its bound; what grows at both is no accident
        growth = _growth(run, text * longer, text * longer * 4)
        if growth <= MOST:
            return None
    return growth


def _growth(run: Callable[[Any], object], once: Any, four_times: Any) -> float:
    """By the least times. Another process can only make them more, and meets the texts alike: they take turns
    until they are in proportion. The short one is read twice before that is believed."""
    least, least_of_four = _seconds(run, once), float("inf")
    for _ in range(REPEATS):
        least_of_four = min(least_of_four, _seconds(run, four_times))
        least = min(least, _seconds(run, once))
        if math.sqrt(least_of_four / least) <= MOST:
            break
    return math.sqrt(least_of_four / least)


def _seconds(run: Callable[[Any], object], text: Any) -> float:
    began = time.process_time()
    run(text)
    return time.process_time() - began
