"""Both themes are legible: WCAG AA for text on everything it stands on."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from lib.settings import ROOT
from tests.contrast import contrast

CONFIG = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))
COLORS = ("red", "orange", "yellow", "green", "blue", "violet", "gray")
AA = 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_stands_out_from_every_surface(theme: str) -> None:
    colors = CONFIG["theme"][theme]
    for surface in ("backgroundColor", "secondaryBackgroundColor"):
        for text in ("textColor", "linkColor", "codeTextColor", "dataframeHeaderTextColor"):
            assert contrast(colors[text], colors[surface]) >= AA, (text, surface)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("color", COLORS)
def test_a_badge_is_legible_and_so_is_coloured_text_on_the_page(theme: str, color: str) -> None:
    colors = CONFIG["theme"][theme]
    for surface in (f"{color}BackgroundColor", "backgroundColor"):
        assert contrast(colors[f"{color}TextColor"], colors[surface]) >= AA, surface


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_white_label_of_a_primary_button_is_legible(theme: str) -> None:
    assert contrast("#ffffff", CONFIG["theme"][theme]["primaryColor"]) >= AA


def test_fonts_lie_in_the_package_with_their_licences() -> None:
    static = ROOT / "lib" / "ui" / "static"
    for face in CONFIG["theme"]["fontFaces"]:
        name = Path(face["url"]).name
        assert (static / name).exists()
        assert "OFL" in (static / f"{Path(name).stem}-LICENSE.txt").read_text("utf-8")


def test_only_fonts_and_the_icon_are_served_to_everybody() -> None:
    kinds = {path.suffix for path in (ROOT / "lib" / "ui" / "static").iterdir()}
    assert kinds == {".woff2", ".txt", ".svg"}
