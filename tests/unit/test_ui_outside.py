"""A field of twenty thousand characters is cut, with a way to all of it, on every page that shows it."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from lib.data.postgres import PostgresDatabase
from lib.data.videos import import_videos
from lib.operations.judge import judge_dirty
from lib.ui.kit.outside import CHARACTERS, EVIDENCE, LINES
from tests.apps import app_of
from tests.examples import TANGO, the_videos
from tests.pages import opened, serve

WORDS = "the dance went on and on " * 800
LINES_OF_IT = "\n".join(["a line"] * 5_000)


def drawn(app: AppTest) -> list[str]:
    """Texts that take as much room as they are long; what is folded away scrolls, in a fixed height."""
    folded = [code.value for part in app.expander if part.label.startswith("Show all") for code in part.code]
    every = [element.value for kind in (app.text, app.code, app.markdown, app.caption) for element in kind]
    return [text for text in every if text not in folded]


def script(text: str, code: bool) -> None:
    from lib.ui.kit.outside import outside_text

    outside_text(text, code=code)


@pytest.mark.parametrize("code", [False, True])
@pytest.mark.parametrize("text", [WORDS, LINES_OF_IT, "x" * 20_000, "x" * (EVIDENCE[0] + 1)])
def test_a_long_text_is_cut_and_all_of_it_is_one_click_away(text: str, code: bool) -> None:
    app = AppTest.from_function(script, kwargs={"text": text, "code": code}).run()
    assert not app.exception
    (shown,) = drawn(app)
    characters, lines = EVIDENCE if code else (CHARACTERS, LINES)
    assert len(shown) <= characters + 1
    assert shown.count("\n") < lines
    assert app.expander[0].label == f"Show all {len(text):,} characters"
    assert app.expander[0].code[0].value == text


@pytest.mark.parametrize("text", ["", "short", "x" * CHARACTERS, "\n".join("x" * LINES)])
def test_a_short_text_stands_there_whole(text: str) -> None:
    app = AppTest.from_function(script, kwargs={"text": text, "code": False}).run()
    assert app.text[0].value == text
    assert not app.expander


@pytest.mark.parametrize("page", ["video", "errors", "incident", "overview", "videos", "recover", "audit"])
def test_no_page_is_as_long_as_what_a_row_holds(
    postgres: PostgresDatabase, tmp_path: Path, page: str
) -> None:
    rows = the_videos()
    for row in rows:
        row |= {"prompt": WORDS, "error_message": LINES_OF_IT if row["id"] == TANGO else WORDS}
        row |= {"input_image_url": f"https://images.example.com/{'x' * 20_000}"}
    import_videos(postgres, rows)
    judge_dirty(app_of(postgres, folder=tmp_path), 100)
    serve(postgres)
    shown = opened(page, **({"id": TANGO} if page == "video" else {}))
    assert max(map(len, drawn(shown)), default=0) < 5_000
    assert max((text.count("\n") for text in drawn(shown)), default=0) < 60
