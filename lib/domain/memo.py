"""Working less on messages: what was worked out a moment ago is remembered, as programs repeat themselves,
and what cannot be there is not looked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

MESSAGES = 1_024  # few enough to stay in the processor's cache
LENGTH = 2_000  # characters; longer ones are seldom the same and would fill the memory


def may_hold(text: str, words: Iterable[str]) -> bool:
    """Whether a pattern that needs one of `words`, in whatever letters, may match: cheaper than to try."""
    if not text.isascii():  # others may be spelled with letters that are none, such as ſ
        return True
    lowered = text.lower()
    for word in words:  # noqa: SIM110 half as fast
        if word in lowered:
            return True
    return False


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
