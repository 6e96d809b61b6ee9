"""Whether a pattern of a team's own is fast on every text: decided from its structure, not by the clock.

Patterns are matched at the beginning of at most READ characters. A repeat costs more than one pass where what
follows it may stand inside it, too (`.*x.*y`): then it is tried at every length, and such repeats multiply.
So do alternatives that begin alike (`(?:a|aa)(?:a|aa)`). A repeat of either can be exponential: refused.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from importlib import import_module
from itertools import combinations
from typing import Any

from lib.domain.flow import READ

MOST_STEPS = 100_000
FEW = 3  # times that something may repeat whose parts repeat
_parser = import_module("re._parser")
_SAME = {"\u0130": "i", "\u0131": "i", "\u017f": "s", "\u212a": "k"}  # to patterns that ignore case
_OTHER = "\uffff"  # stands for whatever else is not ASCII
_ALL = frozenset([*map(chr, range(128)), *_SAME, _OTHER])
_NOTHING: frozenset[str] = frozenset()
_REPEATS = ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")
_CATEGORIES = {
    f"CATEGORY_{negated}{name}": frozenset(
        each for each in _ALL if bool(re.match(shorthand, each)) != bool(negated)
    )
    for name, shorthand in (("DIGIT", r"\d"), ("SPACE", r"\s"), ("WORD", r"\w"))
    for negated in ("", "NOT_")
}
_ONE_CHARACTER = ("LITERAL", "NOT_LITERAL", "ANY", "IN")

Item = tuple[Any, Any]  # operation and argument, as Python's own parser gives them


def too_slow(pattern: str) -> str | None:
    """Why `pattern`, which compiles, takes too long on some text; None where it takes no text long."""
    try:
        steps = _steps(list(_parser.parse(pattern)), _NOTHING)
    except ValueError as error:
        return str(error)
    return None if steps <= MOST_STEPS else "has repeats that may end anywhere, one behind another"


def _steps(items: Sequence[Item], follow: frozenset[str]) -> int:
    """At how many places and lengths it may have to be tried. `follow`: what the text may go on with."""
    steps = 1
    for number, (operation, argument) in enumerate(items):
        name, rest = str(operation), _first(items[number + 1 :], follow)
        if name in _REPEATS:
            steps *= _steps_of_repeat(argument, rest, can_give_back=name != "POSSESSIVE_REPEAT")
        for part in () if name in _REPEATS else _parts(operation, argument):
            steps *= _steps(part, rest)
        if name == "BRANCH":
            steps *= _choices(argument[1], rest)
        if steps > MOST_STEPS:
            break
    return steps


def _choices(alternatives: Sequence[Sequence[Item]], rest: frozenset[str]) -> int:
    """How many of them, at most, one text may be tried with."""
    begins = Counter(character for part in alternatives for character in _first(part, rest))
    return max(begins.values(), default=1)


def _steps_of_repeat(argument: Any, rest: frozenset[str], *, can_give_back: bool) -> int:
    least, most, body = argument
    varies, most = least != most, min(int(most), READ)
    if len(body) == 1 and str(body[0][0]) in _ONE_CHARACTER:
        return most - least + 1 if varies and can_give_back and _first(body, _NOTHING) & rest else 1
    if most > FEW and any(_varies(item) for item in _within(body)):
        raise ValueError("repeats something that repeats")
    if most > FEW and any(_alike(item) for item in _within(body)):
        raise ValueError("repeats alternatives that begin alike")
    inner = _steps(list(body), _first(body, _NOTHING) | rest)
    outer = most - least + 1 if varies and _first(body, _NOTHING) & rest else 1
    return int(inner ** min(most, FEW) * outer) if inner > 1 else outer


def _varies(item: Item) -> bool:
    return str(item[0]) in _REPEATS and item[1][0] != item[1][1]


def _alike(item: Item) -> bool:
    """Whether two alternatives may begin with the same character."""
    if str(item[0]) != "BRANCH":
        return False
    begins = [_first(part, _ALL) for part in item[1][1]]
    return any(one & other for one, other in combinations(begins, 2))


def _within(items: Sequence[Item]) -> Iterator[Item]:
    for operation, argument in items:
        yield operation, argument
        parts = [argument[2]] if str(operation) in _REPEATS else _parts(operation, argument)
        for part in parts:
            yield from _within(part)


def _parts(operation: Any, argument: Any) -> list[Sequence[Item]]:
    """The patterns inside an item that is no repeat."""
    match str(operation):
        case "SUBPATTERN":
            return [argument[3]]
        case "ATOMIC_GROUP":
            return [argument]
        case "BRANCH":
            return list(argument[1])
        case "ASSERT" | "ASSERT_NOT":
            return [argument[1]]
        case "GROUPREF_EXISTS":
            return [part for part in argument[1:] if part]
    return []


def _first(items: Sequence[Item], follow: frozenset[str]) -> frozenset[str]:
    """What may begin what `items`, and then `follow`, match. What only looks may fail on anything."""
    found: frozenset[str] = _NOTHING
    for operation, argument in items:
        name = str(operation)
        if name in _ONE_CHARACTER:
            return found | _characters(operation, argument)
        if name in ("AT", "ASSERT", "ASSERT_NOT", "GROUPREF", "GROUPREF_EXISTS"):
            return _ALL
        if name in _REPEATS:
            least, _, body = argument
            found |= _first(body, _NOTHING)
            if least:
                return found
            continue
        return found | frozenset().union(*(_first(part, follow) for part in _parts(operation, argument)))
    return found | follow


def _characters(operation: Any, argument: Any) -> frozenset[str]:
    """What an item for one character matches, in capital and small letters."""
    match str(operation):
        case "LITERAL" | "NOT_LITERAL":
            one = _both_cases([argument])
            return one if str(operation) == "LITERAL" else (_ALL - one) | {_OTHER}
        case "RANGE":
            first, last = argument
            named = [ord(each) for each in _SAME if first <= ord(each) <= last]
            return _both_cases([*range(first, min(last, 128) + 1), *named, last])
        case "CATEGORY":
            return _CATEGORIES[str(argument)] | {_OTHER}
        case "IN":
            found = frozenset().union(*(_characters(*each) for each in argument if str(each[0]) != "NEGATE"))
            return (_ALL - found) | {_OTHER} if str(argument[0][0]) == "NEGATE" else found
    return _ALL


def _both_cases(codes: Iterable[int]) -> frozenset[str]:
    written = [chr(code) if chr(code) in _ALL else _OTHER for code in codes]
    small = {_SAME.get(each, each.lower()) for each in written}
    return frozenset(small).union(
        map(str.upper, small), (odd for odd, plain in _SAME.items() if plain in small)
    )
