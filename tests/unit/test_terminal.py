"""What rows and logs say is printed and does nothing."""

from __future__ import annotations

import io
import json

import pytest

from lib.cli.terminal import Inert, inert


@pytest.mark.parametrize(
    "text", ["\x1b[2J", "\x1b]0;title\x07", "\x9b31m", "a\rb", "\x08\x08", "\x7f", "\u202egpj.exe", "\u2066x"]
)
def test_nothing_printed_moves_colours_or_turns_the_terminal(text: str) -> None:
    assert inert(text).isprintable()


def test_json_stays_json() -> None:
    told = {"message": "a\x9b31m\u202eb\x7f"}
    assert json.loads(inert(json.dumps(told, ensure_ascii=False))) == told


def test_lines_tabs_and_other_scripts_stay() -> None:
    text = "one\n\ttwo: é, 映画, 🎬, עברית\n"
    assert inert(text) == text
    buffer = io.BytesIO()
    stream = Inert(buffer, encoding="utf-8", newline="\n")
    stream.write("a\x1b[31mb\n")
    stream.flush()
    assert buffer.getvalue() == b"a\\u001b[31mb\n"
