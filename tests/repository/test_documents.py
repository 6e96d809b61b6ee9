"""The documents tell the truth: every setting and every command is in them, and nothing that is not."""

from __future__ import annotations

import re
from pathlib import Path

from lib.__main__ import COMMANDS
from lib.domain.cause import Action
from lib.domain.diagnosis.proof import FACTS
from lib.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text("utf-8")
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text("utf-8")
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text("utf-8")
EXAMPLE = (ROOT / ".env.example").read_text("utf-8")


def variable_names() -> set[str]:
    names: set[str] = set()
    for field in Settings.model_fields.values():
        names |= {str(n) for n in getattr(field.validation_alias, "choices", ()) if str(n).isupper()}
    return names


def test_the_readme_lists_every_setting() -> None:
    assert variable_names() <= set(re.findall(r"`([A-Z][A-Z0-9_]+)`", README))


def test_the_example_lists_every_setting_and_no_other() -> None:
    assert variable_names() == set(re.findall(r"^# ?([A-Z][A-Z0-9_]+)=", EXAMPLE, re.M))


def test_the_readme_lists_every_command_and_no_other() -> None:
    assert set(re.findall(r"python -m lib ([a-z][a-z-]*)", README)) == set(COMMANDS)


def test_the_readme_maps_every_folder() -> None:
    for folder in sorted((ROOT / "lib").iterdir()):
        if (folder / "__init__.py").exists():
            assert f"lib/{folder.name}/" in README, folder.name


def test_every_migration_has_a_timestamped_name() -> None:
    names = [path.name for path in sorted((ROOT / "supabase" / "migrations").glob("*"))]
    assert names
    assert all(re.fullmatch(r"\d{14}_[a-z_]+\.sql", name) for name in names)


def test_a_function_stands_in_one_migration() -> None:
    """What a later file replaces would be read, and mended, in vain."""
    found: dict[str, set[str]] = {}
    for path in sorted((ROOT / "supabase" / "migrations").glob("*.sql")):
        for name in re.findall(r"^create (?:or replace )?function ([\w.]+)\(", path.read_text("utf-8"), re.M):
            found.setdefault(name, set()).add(path.name)
    assert {name: files for name, files in found.items() if len(files) > 1} == {}


def test_only_the_default_mapping_names_the_apps_table() -> None:
    """Every other statement goes through `dailies.videos()` and the functions that write."""
    for path in sorted((ROOT / "supabase" / "migrations").glob("*.sql")):
        named = re.findall(r"public\.videos|\bfrom videos\b|\bjoin videos\b", path.read_text())
        assert not named or path.name.startswith("20261121000050"), path.name


def test_ci_runs_the_readmes_own_command() -> None:
    assert (ROOT / ".ci" / "run").read_text().rstrip().splitlines()[-1] == "make test"
    assert "make test" in README
    assert "make run" in README


def test_git_keeps_the_package() -> None:
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert not {"lib", "lib/", "/lib", "/lib/"} & set(ignored)


def test_the_architecture_tells_every_fact_and_what_it_proves() -> None:
    told = re.findall(r"^\| `(\w+)` \| .* \| (.*) \|$", ARCHITECTURE, re.M)
    assert [row for row in told if row[0] in {fact.proof for fact in FACTS}] == [
        (str(fact.proof), fact.says) for fact in FACTS
    ]


def test_every_file_that_a_document_names_is_there() -> None:
    folders = "lib|tests|pages|docs|bench|supabase|tools|deploy"
    named = re.compile(rf"(?<![\w/.:-])(?:{folders})/[\w/-]*[\w-](?:\.\w+)?")
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / "bench" / "README.md"]
    assert len(documents) > 8
    for document in documents:
        for name in named.findall(document.read_text("utf-8")):
            assert (ROOT / name).exists(), f"{document.name} names {name}"


def test_every_picture_that_the_readme_shows_is_there() -> None:
    shown = re.findall(r'(?:src|srcset)="([^"]+)"', README)
    assert len(shown) > 4
    for name in shown:
        assert (ROOT / name).is_file(), name


def test_the_walk_of_a_retry_enters_no_module_twice() -> None:
    walk = ARCHITECTURE.split("## A click on Retry")[1].split("\n## ")[0]
    entered = re.findall(r"`(lib/[\w/]+\.py)`", walk)
    assert len(entered) > 10
    assert len(entered) == len(set(entered))


def test_the_reading_order_is_thirty_files_at_most() -> None:
    order = re.findall(r"`(lib/[\w/]+\.py)`", ARCHITECTURE.split("## Where to begin reading")[1])
    assert len(order) == len(set(order)) <= 30


def test_the_glossary_has_every_action() -> None:
    repair = next(line for line in GLOSSARY.splitlines() if line.startswith("| repair |"))
    assert all(str(action) in repair for action in Action)
