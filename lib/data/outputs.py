"""Copies of outputs: which there are, which is next, and where they are kept: in a folder or a bucket."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NamedTuple, Protocol
from urllib.parse import quote

import httpx

from lib.data.database import Database
from lib.errors import DailiesError, SettingsError
from lib.settings import Settings

LOCAL = "local"
SIGNED_SECONDS = 3600  # life of an address of a private bucket's file
UPLOAD_SECONDS = 300.0


class Copy(NamedTuple):
    """`copied_at` is None while there is none; `problem` says why."""

    place: str | None
    path: str | None
    bytes: int | None
    content_type: str | None
    copied_at: str | None
    problem: str | None


class Due(NamedTuple):
    task_id: str
    tries: int  # this one included


def claim(db: Database, lease_seconds: float = 900) -> Due | None:
    """An output to copy, ours alone for that long."""
    return next((Due(**row) for row in db.call("dailies_claim_copy", p_lease_seconds=lease_seconds)), None)


def save(db: Database, task_id: str, *, place: str, path: str, size: int, content_type: str) -> None:
    """Keeps where the copy is."""
    copy = {"place": place, "path": path, "bytes": size, "content_type": content_type}
    db.call("dailies_save_copy", p_task_id=task_id, p_copy=copy)


def failed(db: Database, task_id: str, problem: str, again_seconds: float) -> None:
    """Keeps why there is no copy, and when it is tried again."""
    copy = {"problem": problem, "again_seconds": again_seconds}
    db.call("dailies_save_copy", p_task_id=task_id, p_copy=copy)


def of_task(db: Database, task_id: str) -> Copy | None:
    return next((Copy(**row) for row in db.call("dailies_copy", p_task_id=task_id)), None)


class StorageError(DailiesError):
    """A copy could not be kept or found."""


class Storage(Protocol):
    name: str

    def keep(self, file: Path, name: str, content_type: str) -> str:
        """Takes the file, and returns the path to find it by. Raises StorageError."""

    def address(self, path: str) -> str | None:
        """A file of this machine or an https address to watch it at; None when it is not there."""


class Folder:
    """`root` is made at the first copy."""

    name = LOCAL

    def __init__(self, root: Path) -> None:
        self._root = root

    def keep(self, file: Path, name: str, content_type: str) -> str:  # noqa: ARG002
        try:
            self._root.mkdir(parents=True, exist_ok=True)
            shutil.move(file, self._root / name)  # perhaps from another disk
        except OSError as error:
            reason = error.strerror or error
            raise StorageError(f"{name} could not be kept in {self._root}: {reason}.") from error
        return name

    def address(self, path: str) -> str | None:
        """Never outside of the folder, whatever stands in the database."""
        file = (self._root / path).resolve()
        return str(file) if file.is_file() and file.parent == self._root.resolve() else None


class Bucket:
    """A private bucket; it has to exist. `http` knows the project's address and key."""

    def __init__(self, http: httpx.Client, name: str) -> None:
        self.name = name
        self._http = http

    def keep(self, file: Path, name: str, content_type: str) -> str:
        path = f"dailies/{name}"
        headers = {"content-type": content_type, "x-upsert": "true"}
        with file.open("rb") as content:
            self._send(f"object/{quote(self.name)}/{path}", content=content, headers=headers)
        return path

    def address(self, path: str) -> str | None:
        answer = self._send(
            f"object/sign/{quote(self.name)}/{quote(path)}", json={"expiresIn": SIGNED_SECONDS}
        )
        signed = answer.json().get("signedURL")
        return f"{str(self._http.base_url).rstrip('/')}{signed}" if signed else None

    def _send(self, path: str, **content: object) -> httpx.Response:
        try:
            return self._http.post(path, **content).raise_for_status()  # type: ignore[arg-type]
        except httpx.HTTPStatusError as error:
            status = error.response.status_code
            raise StorageError(
                f"Supabase Storage answered {status} for the bucket {self.name}. Does it exist, and is the "
                "key the service role's?"
            ) from None
        except httpx.HTTPError as error:
            raise StorageError(f"Supabase Storage cannot be reached: {type(error).__name__}.") from None


def open_storage(settings: Settings) -> Storage | None:
    """None when outputs are not copied. Raises SettingsError for a bucket without Supabase."""
    if not settings.outputs:
        return None
    if settings.outputs == LOCAL:
        return Folder(settings.data_dir / "outputs")
    if not settings.supabase_url or not settings.supabase_key:
        raise SettingsError(
            "DAILIES_OUTPUTS names a bucket, and SUPABASE_URL or SUPABASE_SERVICE_ROLE_KEY is not set. "
            "Set them, or DAILIES_OUTPUTS=local."
        )
    key = settings.supabase_key.get_secret_value()
    http = httpx.Client(
        base_url=f"{settings.supabase_url.rstrip('/')}/storage/v1/",
        headers={"apikey": key, "authorization": f"Bearer {key}"},
        timeout=UPLOAD_SECONDS,
    )
    return Bucket(http, settings.outputs)
