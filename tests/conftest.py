"""What tests share: a scrubbed environment, one Postgres a run, a fresh database a test."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lib.data.database import Database
from lib.data.postgres import PostgresDatabase
from lib.settings import Settings, load_settings
from tests import planted
from tests.databases import EMPTY, Cluster, RestServer, node_is_missing

# Settings of the person who runs the tests must not decide their outcome.
for _field in Settings.model_fields.values():
    for _name in getattr(_field.validation_alias, "choices", ()):
        os.environ.pop(str(_name).upper(), None)
Settings.model_config["env_file"] = None
Settings.model_config["toml_file"] = None
load_settings.cache_clear()
os.environ.update(planted.ENVIRONMENT)


@pytest.fixture(scope="session", autouse=True)
def _no_planted_secret_is_written(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Logs, journals, data folders, exports: whatever the whole run wrote."""
    yield
    assert planted.written(tmp_path_factory.getbasetemp(), planted.ENVIRONMENT.values()) == []


@pytest.fixture(autouse=True)
def _main_stays_what_it_is() -> Iterator[None]:
    """A page that a test runs takes its place, and every process that begins later would run that page."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


@pytest.fixture(scope="session")
def open_folder() -> Iterator[Path]:
    """A folder that the embedded server's user can reach even where the tests run as root: pytest's own
    temporary folders are closed to others."""
    with tempfile.TemporaryDirectory(prefix="dailies tests ") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)
        assert planted.written(Path(folder), planted.ENVIRONMENT.values()) == []


@pytest.fixture(scope="session")
def cluster(open_folder: Path) -> Iterator[Cluster]:
    running = Cluster(open_folder / "cluster")
    yield running
    running.server.stop()


@pytest.fixture(scope="session")
def rest_server(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RestServer]:
    if reason := node_is_missing():
        pytest.skip(reason)
    running = RestServer(cluster, tmp_path_factory.mktemp("rest") / "log")
    yield running
    running.stop()


@pytest.fixture(scope="session")
def emptied(cluster: Cluster) -> Iterator[Callable[[], str]]:
    """The URL of a database that is used again, without its rows: quicker than a clone. So is a connection
    that stays."""
    with cluster.clone() as url, cluster.admin(url.rsplit("/", 1)[1]) as connection:

        def empty() -> str:
            connection.execute(EMPTY)
            return url

        yield empty


@pytest.fixture
def database_url(emptied: Callable[[], str]) -> str:
    """A database with the schema of Dailies and nothing in it; tests must not change that schema."""
    return emptied()


@pytest.fixture
def own_database_url(cluster: Cluster) -> Iterator[str]:
    """The same for tests that change the schema or stop the server's processes."""
    with cluster.clone() as url:
        yield url


@pytest.fixture
def empty_database_url(cluster: Cluster) -> Iterator[str]:
    """A database without anything of ours."""
    with cluster.clone("template1") as url:
        yield url


@pytest.fixture
def postgres(database_url: str) -> Iterator[PostgresDatabase]:
    database = PostgresDatabase(database_url, label="test")
    yield database
    database.close()


@pytest.fixture(params=["postgres", pytest.param("supabase", marks=pytest.mark.rest)])
def connect(request: pytest.FixtureRequest) -> Iterator[Callable[[str], Database]]:
    """Opens a database through each transport in turn."""
    opened: list[Database] = []

    def through(url: str) -> Database:
        rest = request.param == "supabase"
        database: Database = (
            request.getfixturevalue("rest_server").open(url) if rest else PostgresDatabase(url, label="test")
        )
        opened.append(database)
        return database

    yield through
    for database in opened:
        database.close()


@pytest.fixture
def db(database_url: str, connect: Callable[[str], Database]) -> Database:
    return connect(database_url)


@pytest.fixture
def own_db(own_database_url: str, connect: Callable[[str], Database]) -> Database:
    """One whose schema a test may change."""
    return connect(own_database_url)


LONGEST = ("test_pages.py", "test_walk.py", "test_charts.py", "test_addresses.py", "test_figures.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The browser last: Playwright keeps an event loop running in its thread, and the dashboard it looks at
    works beside it. Its longest files come first, so that processes end at about the same time. What fails is
    tried once more: a machine may be too busy to draw in time."""

    def place(item: pytest.Item) -> tuple[bool, int]:
        in_browser, name = "browser" in item.path.parts, item.path.name
        return in_browser, LONGEST.index(name) if in_browser and name in LONGEST else len(LONGEST)

    items.sort(key=place)
    for item in items:
        if "browser" in item.path.parts:
            item.add_marker(pytest.mark.flaky(reruns=1))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = [r for r in terminalreporter.stats.get("skipped", []) if "supabase client" in str(r.longrepr)]
    if skipped:
        terminalreporter.write_line(
            f"{len(skipped)} contract tests over the supabase client WERE SKIPPED: {node_is_missing()}",
            red=True,
        )
