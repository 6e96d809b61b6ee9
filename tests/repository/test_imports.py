"""The architecture, enforced: imports run one way."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOUNDATION = {"errors", "settings"}
MAY_IMPORT = {
    "domain": set[str](),
    "logs": {"domain"},
    "traces": {"domain"},
    "data": {"domain"},
    "runway": {"domain"},
    "operations": {"runway", "data", "traces", "logs", "domain"},
    "worker": {"operations", "traces", "logs", "data", "runway", "domain"},
    "web": {"worker", "operations", "traces", "logs", "data", "runway", "domain"},
    "cli": {"worker", "operations", "traces", "logs", "data", "runway", "seed", "domain"},
    "seed": {"operations", "runway", "data", "traces", "logs", "domain"},
    "ui": {"worker", "web", "operations", "traces", "logs", "data", "runway", "seed", "domain"},
}


def imported_modules(path: Path) -> Iterator[str]:
    """Every `lib.…` module that a file imports, wherever in the file it does so."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: relative import"
            yield node.module
            if node.module == "lib":
                yield from (f"lib.{alias.name}" for alias in node.names)


def test_views_stand_above_the_kit() -> None:
    for path in sorted((ROOT / "lib" / "ui" / "kit").rglob("*.py")):
        assert not any(m.startswith("lib.ui.views") for m in imported_modules(path)), path


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_a_package_imports_only_what_lies_below_it(package: str) -> None:
    allowed = MAY_IMPORT[package] | {package} | (FOUNDATION if package != "domain" else set())
    for path in sorted((ROOT / "lib" / package).rglob("*.py")):
        for module in imported_modules(path):
            top, _, rest = module.partition(".")
            if top == "lib" and rest:
                assert rest.split(".")[0] in allowed, f"{path.relative_to(ROOT)} must not import {module}"


def test_every_package_has_its_place_in_the_order() -> None:
    packages = {path.name for path in (ROOT / "lib").iterdir() if (path / "__init__.py").exists()}
    assert packages <= set(MAY_IMPORT)


def test_only_the_ui_and_the_entry_point_import_streamlit() -> None:
    for path in sorted((ROOT / "lib").rglob("*.py")):
        if "ui" not in path.relative_to(ROOT).parts:
            assert not any(m.split(".")[0] == "streamlit" for m in imported_modules(path)), path
