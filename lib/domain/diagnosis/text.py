"""How error texts are prepared, and how tables of patterns are written and become one."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping

LONGEST = 4096

_FRAME = re.compile(r"^[ \t'\"+]{1,12}(?:at |File \")[^\n]*", re.M)
# What `<failed to>` stands for in a row.
_FAILED_TO = tuple(
    rf"{verb}(?: (?:to|while|when|during|in))?\s"
    for verb in (r"fail\w{0,4}", "errors?", "unable", "could not", "cannot", "couldn't", "can't")
)
_WORDS = re.compile(r"(\\b)?\(\?:([a-z _|]+)\)(?![?*+{])")
_LETTER = re.compile(r"(\\b)?([a-z])(?![?*+{])")


def rows(block: str) -> tuple[str, ...]:
    """The patterns of a block of text: one a line, without `|` outside brackets; comments begin with `# `."""
    lines = (line.strip() for line in block.splitlines())
    return tuple(row for line in lines if line and not line.startswith("# ") for row in _spelled_out(line))


def _spelled_out(line: str) -> Iterator[str]:
    """A row that begins with one of several words as a row for each, so that each begins with a letter."""
    if line.startswith("<failed to> "):
        yield from (words + line.removeprefix("<failed to> ") for words in _FAILED_TO)
    elif choice := _WORDS.match(line):
        yield from (f"{choice[1] or ''}{word}{line[choice.end() :]}" for word in choice[2].split("|"))
    else:
        yield line


def any_of(*alternatives: str) -> re.Pattern[str]:
    """One pattern of many. Texts are put in small letters first: that is faster than to ignore case."""
    return re.compile("|".join(alternatives))


def pattern(block: str) -> re.Pattern[str]:
    """One pattern of a block of `rows`."""
    return any_of(*rows(block))


def by_table(tables: Mapping[str, tuple[str, ...]]) -> re.Pattern[str]:
    """One pattern of several tables of `rows`; `table_of` tells which one matched.

    Rows are put together by the letter they begin with, so that at each place of a text only few are tried:
    with hundreds of rows that is five times as fast. At one place the table that stands first wins.
    """
    by_letter: defaultdict[str, defaultdict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for table, patterns in tables.items():
        for row in patterns:
            begins = _LETTER.match(row)
            letter = begins[2] if begins else ""
            at_word = (
                rf"(?<!\w{letter})" if begins and begins[1] else ""
            )  # `\b`, looked for behind the letter
            by_letter[letter][table].append(at_word + row[begins.end() if begins else 0 :])
    parts = []
    for n, (letter, found) in enumerate(by_letter.items()):
        named = (f"(?P<{table}_{n}>{'|'.join(ends)})" for table, ends in found.items())
        parts.append(f"{letter}(?:{'|'.join(named)})")
    return any_of(*parts)


def table_of(found: re.Match[str]) -> str:
    """The name of the table whose row matched."""
    return (found.lastgroup or "").rpartition("_")[0]


def without_stack(text: str) -> str:
    """The text without the lines of a stack trace: paths and positions say nothing of who refused."""
    return _FRAME.sub("", text)
