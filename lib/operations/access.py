"""Who is here and what they may do, by the settings: asked again with every page, click and operation."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from lib.data.limited import READ_ONLY
from lib.domain.access import Claims, Person, Role, audit_name, role_of, sign_in_id, signed_in_at
from lib.domain.address import host_name, is_loopback
from lib.errors import SettingsError
from lib.settings import Settings

SERVED_TO_OTHERS = (
    "Dailies is read-only here: other machines reach it and nobody signs in. Set up sign-in, or say with"
    " DAILIES_ANYONE what anyone may do."
)
ONLY_LOOKS = "Your role is {}: this takes an {}."
SECRET_LENGTH = 32
SKEW_SECONDS = 300  # how far a provider's clock may be ahead of ours


def own_hosts(settings: Settings) -> set[str]:
    """The host names that the settings give Dailies, without those of this machine."""
    addresses = [urlsplit(settings.address or "").netloc, *(settings.hosts or "").split(",")]
    names = {host_name(each.strip()) for each in addresses}
    return {name for name in names if name and not is_loopback(name)}


class Access:
    """`address` is what the server listens on; None for every address of this machine."""

    def __init__(
        self, settings: Settings, address: str | None = "127.0.0.1", clock: Callable[[], float] = time.time
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._signed_out = SignedOut(settings.data_dir / "signed-out.jsonl", clock)
        self.hosts = frozenset(own_hosts(settings))
        self.served_here = is_loopback(address) and not self.hosts
        self._members = {
            Role.ADMIN: _listed(settings.admins),
            Role.OPERATOR: _listed(settings.operators),
            Role.VIEWER: _listed(settings.viewers),
        }

    @property
    def needs_sign_in(self) -> bool:
        return self._settings.auth is not None

    @property
    def only_here(self) -> bool:
        """Whether anybody who gets through may do everything, because only this machine is to."""
        return self.served_here and not self.needs_sign_in and not self._settings.anyone

    @property
    def said(self) -> str:
        """Who may do what, for whoever starts the server."""
        if self.needs_sign_in:
            rest = " Nobody may act: DAILIES_READ_ONLY is set." if self._settings.read_only else ""
            return f"People sign in; their roles are those of the settings.{rest}"
        person = self._capped("", self._anyone())
        reached = "only this machine reaches it" if self.served_here else "other machines may reach it"
        return f"Nobody signs in, and {reached}. {person.reason or 'Whoever does may do everything.'}"

    @property
    def max_age(self) -> float:
        """Seconds after which one has to sign in again."""
        return self._settings.session_hours * 3600

    def person(self, claims: Claims | None) -> Person | None:
        """Who it is. None for somebody who has to sign in (again); one of role NOBODY is not let in."""
        if not self.needs_sign_in:
            return self._capped(self._settings.operator, self._anyone())
        at = signed_in_at(claims) if claims else None
        if claims is None or at is None or not -SKEW_SECONDS <= self._clock() - at <= self.max_age:
            return None
        if sign_in_id(claims) in self._signed_out:
            return None
        return self._capped(audit_name(claims), role_of(claims, self._members))

    def sign_out(self, claims: Claims) -> None:
        """Ends this sign-in for every tab and copy of its cookie."""
        self._signed_out.add(sign_in_id(claims), self._clock() + self.max_age + SKEW_SECONDS)

    def _anyone(self) -> Role:
        if self._settings.anyone:
            return Role[self._settings.anyone.upper()]
        return Role.ADMIN if self.served_here else Role.VIEWER

    def _capped(self, name: str, role: Role) -> Person:
        if self._settings.read_only:
            return Person(name, min(role, Role.VIEWER), READ_ONLY)
        if role is Role.ADMIN:
            return Person(name, role)
        if not self.needs_sign_in and not self._settings.anyone:
            return Person(name, role, SERVED_TO_OTHERS)
        needed = Role.ADMIN if role is Role.OPERATOR else Role.OPERATOR
        return Person(name, role, ONLY_LOOKS.format(role, needed))


def check_sign_in(settings: Settings) -> None:
    """Raises SettingsError for a sign-in that could not work, or whose cookies could be guessed."""
    auth = settings.auth
    if auth is None:
        return
    providers = [auth, *(value for value in auth.values() if isinstance(value, dict))]
    wanted = ("client_id", "client_secret", "server_metadata_url")
    if not any(all(each.get(name) for name in wanted) for each in providers):
        raise SettingsError(f"[auth], or DAILIES_AUTH, names no provider with {', '.join(wanted)}.")
    if len(str(auth.get("cookie_secret", ""))) < SECRET_LENGTH:
        raise SettingsError(
            f"[auth] needs a cookie_secret of {SECRET_LENGTH} random characters or more:"
            ' `python -c "import secrets; print(secrets.token_urlsafe(32))"` makes one.'
        )
    if not settings.address and not auth.get("redirect_uri"):
        raise SettingsError("Sign-in leads back to DAILIES_URL: set it to the dashboard's own address.")
    if not (settings.admins or settings.operators or settings.viewers):
        raise SettingsError(
            "With sign-in, say who may come in: DAILIES_ADMINS, DAILIES_OPERATORS, DAILIES_VIEWERS."
        )


def _listed(names: str | None) -> list[str]:
    return [name for name in (names or "").replace(",", " ").split() if name]


class SignedOut:
    """The sign-ins that were ended early, on disk: a restart does not bring them back."""

    def __init__(self, path: Path, clock: Callable[[], float]) -> None:
        self._path = path
        self._clock = clock
        self._lock = threading.Lock()
        self._until = dict(self._kept())

    def __contains__(self, sign_in: str) -> bool:
        return sign_in in self._until

    def add(self, sign_in: str, until: float) -> None:
        with self._lock:
            self._until[sign_in] = until
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with os.fdopen(os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "a") as file:
                file.write(json.dumps([sign_in, until]) + "\n")

    def _kept(self) -> list[tuple[str, float]]:
        """Those that are not too old by now to matter."""
        try:
            lines = self._path.read_text("utf-8").splitlines()
        except FileNotFoundError:
            return []
        kept = []
        for line in lines:
            try:
                sign_in, until = json.loads(line)
            except ValueError:  # a line that was cut off
                continue
            if until > self._clock():
                kept.append((sign_in, until))
        return kept
