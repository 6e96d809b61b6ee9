"""Every pattern of the program, and of the flows it ships, takes time in proportion to the text it reads."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from typing import Any

import pytest

import lib
from lib.domain.flow import StageReader
from lib.traces.flows import load_flows
from tests.growth import WORDS, grows_too_fast

SIZE = 4_000
LITERAL = re.compile(r"[A-Za-z][A-Za-z _-]{2,}")


def _modules() -> Iterator[Any]:
    for found in pkgutil.walk_packages(lib.__path__, "lib."):
        if not found.name.startswith("lib.ui") and "__main__" not in found.name:
            yield importlib.import_module(found.name)


def _patterns_in(value: Any, depth: int = 0) -> Iterator[re.Pattern[Any]]:
    """The compiled patterns in a module's value, bound methods of them included."""
    owner = getattr(value, "__self__", None)
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(owner, re.Pattern):
        yield owner
    elif isinstance(value, dict) and depth < 4:
        for each in value.values():
            yield from _patterns_in(each, depth + 1)
    elif isinstance(value, (list, tuple, set, frozenset)) and depth < 4:
        for each in value:
            yield from _patterns_in(each, depth + 1)


_ANYWHERE = r"\.(?:search|finditer|findall|sub|subn|split)\b"


def _begins_at_one_place(module: Any, name: str) -> bool:
    """Whether the module only ever asks a pattern about one place of a text, with match or fullmatch."""
    source = inspect.getsource(module)
    asked = re.search(rf"\b{name}\.(?:full)?match\b", source)
    return bool(asked) and not re.search(rf"\b{name}{_ANYWHERE}", source)


def every_pattern() -> dict[re.Pattern[Any], str]:
    """Each with the module that it was found in."""
    found: dict[re.Pattern[Any], str] = {}
    for module in _modules():
        for name, value in vars(module).items():
            for pattern in _patterns_in(value):
                found.setdefault(pattern, module.__name__)
                if isinstance(value, re.Pattern) and _begins_at_one_place(module, name):
                    AT_ONE_PLACE.add(pattern)
    flows = load_flows()
    for value in vars(StageReader(flows)).values():
        for pattern in _patterns_in(value):
            found.setdefault(pattern, "flows")
    for flow in flows:
        if flow._sign is not None:
            found.setdefault(flow._sign, f"signs of {flow.key}")
    return found


def _nasty(pattern: re.Pattern[Any]) -> Iterator[Any]:
    source = pattern.pattern
    written = source.decode("latin-1") if isinstance(source, bytes) else source
    own = dict.fromkeys(LITERAL.findall(written)[:12])
    for word in (*WORDS, *own):
        text = (word * (SIZE // len(word) + 1))[:SIZE]
        yield text.encode() if isinstance(source, bytes) else text


AT_ONE_PLACE: set[re.Pattern[Any]] = set()
PATTERNS = every_pattern()


def test_the_patterns_are_found() -> None:
    assert len(PATTERNS) > 100
    assert {"flows", "lib.logs.secret_rules", "lib.domain.diagnosis.wording"} <= set(PATTERNS.values())


@pytest.mark.parametrize("module", sorted(set(PATTERNS.values())))
def test_twice_the_text_takes_twice_as_long(module: str) -> None:
    slow = []
    for pattern in (each for each, where in PATTERNS.items() if where == module):
        for text in _nasty(pattern):
            times = grows_too_fast(pattern.fullmatch if pattern in AT_ONE_PLACE else pattern.search, text)
            if times is not None:
                slow.append((pattern.pattern[:60], text[:12], round(times, 1)))
    assert slow == []


def test_a_pattern_that_is_quadratic_is_noticed() -> None:
    assert grows_too_fast(re.compile(r"a+b").search, "a" * 4_000)
