"""Remembering what was worked out for the messages of a moment ago: programs repeat themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

MESSAGES = 1_024  # few enough to stay in the processor's cache
LENGTH = 2_000  # characters; longer ones are seldom the same and would fill the memory

Text = TypeVar("Text", str, bytes)
Result = TypeVar("Result")


def remembered(work: Callable[[Text], Result]) -> Callable[[Text], Result]:
    """`work`, done once for a text that comes again soon. Cheaper than `lru_cache` where most are new."""
    known: dict[Text, Result] = {}

    def look_up(text: Text) -> Result:
        result = known.get(text)
        if result is None:
            result = work(text)
            if len(text) <= LENGTH:
                if len(known) >= MESSAGES:
                    known.clear()
                known[text] = result
        return result

    return look_up
