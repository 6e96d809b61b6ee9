"""The architecture, enforced: imports run one way."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOUNDATION = {"errors", "outgoing", "settings"}
MAY_IMPORT = {
    "domain": set[str](),
    "logs": {"domain"},
    "traces": {"domain"},
    "data": {"domain"},
    "runway": {"domain"},
    "app": {"data", "runway", "traces", "domain"},
    "operations": {"app", "runway", "data", "traces", "logs", "domain"},
    "worker": {"operations", "app", "traces", "logs", "data", "runway", "domain"},
    "web": {"worker", "operations", "app", "traces", "logs", "data", "runway", "domain"},
    "cli": {"worker", "operations", "app", "traces", "logs", "data", "runway", "seed", "domain"},
    "seed": {"runway", "data", "traces", "logs", "domain"},
    "ui": {"worker", "operations", "app", "traces", "logs", "data", "runway", "seed", "domain"},
}
# Who may use what leads to a payment: anything else is a second way.
MAY_USE = {
    "lib.operations.paid_call.pay": {
        "operations/repair.py",
        "operations/generate.py",
        "operations/process.py",
    },
    "lib.domain.repair.assess": {
        *("operations/repair.py", "operations/judge.py", "operations/sweep.py", "cli/diagnose.py"),
    },
    "lib.domain.diagnosis.proof.proof_of": {"domain/repair.py"},
    "lib.domain.repair.is_proved": {"operations/nameless.py"},
    "lib.operations.repair.carry_out": {
        *("operations/batches.py", "operations/sweep.py", "cli/retry.py", "ui/views/repair.py"),
    },
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


def modules_of(package: str) -> list[Path]:
    module = ROOT / "lib" / f"{package}.py"
    return [module] if module.exists() else sorted((ROOT / "lib" / package).rglob("*.py"))


def imported_names(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("name", MAY_USE)
def test_there_is_one_way_to_a_payment(name: str) -> None:
    users = {
        str(path.relative_to(ROOT / "lib"))
        for path in sorted((ROOT / "lib").rglob("*.py"))
        if name in imported_names(path)
    }
    assert users == MAY_USE[name]


def test_only_the_paid_call_creates_tasks() -> None:
    """`runway.create` posts, and posts once: nobody else may call it."""
    callers = [
        str(path.relative_to(ROOT / "lib"))
        for path in sorted((ROOT / "lib").rglob("*.py"))
        if "runway.create(" in path.read_text("utf-8")
    ]
    assert callers == ["operations/paid_call.py"]


def test_operations_take_the_app_and_not_its_parts() -> None:
    parts = {"Database", "RunwayClient", "Journal"}
    for path in sorted((ROOT / "lib" / "operations").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                taken = {ast.unparse(each.annotation) for each in node.args.args if each.annotation}
                assert not taken & parts, f"{path.name}: {node.name}"


def test_pages_use_the_app_only_as_their_person_may() -> None:
    users = [
        path.name for path in sorted((ROOT / "lib").rglob("*.py")) if "whole_app" in path.read_text("utf-8")
    ]
    assert users == ["dashboard.py", "startup.py"]


def test_only_rows_of_files_are_read_without_the_mapping() -> None:
    """A row of the database came through it: a word that nobody mapped means nothing there."""
    users = [
        str(path.relative_to(ROOT))
        for path in sorted((ROOT / "lib").rglob("*.py"))
        if "Video.from_row(" in path.read_text("utf-8")
    ]
    assert users == ["lib/cli/files.py"]


def test_no_public_class_name_means_two_things() -> None:
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "lib").rglob("*.py")):
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found.setdefault(node.name, []).append(str(path.relative_to(ROOT)))
    assert {name: places for name, places in found.items() if len(places) > 1} == {}


def test_views_stand_above_the_kit() -> None:
    for path in sorted((ROOT / "lib" / "ui" / "kit").rglob("*.py")):
        assert not any(m.startswith("lib.ui.views") for m in imported_modules(path)), path


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_a_package_imports_only_what_lies_below_it(package: str) -> None:
    allowed = MAY_IMPORT[package] | {package} | (FOUNDATION if package != "domain" else set())
    for path in modules_of(package):
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
