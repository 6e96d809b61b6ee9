"""Who may do what: roles, and how a sign-in at an identity provider gives one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any


class Role(IntEnum):
    """Each may do what the ones before it may."""

    NOBODY = 0
    VIEWER = 1  # looks
    OPERATOR = 2  # repairs, spends, imports, silences
    ADMIN = 3  # sets the budgets

    def __str__(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Person:
    """name    stands in the audit
    reason  why they may not act; None where they may
    """

    name: str
    role: Role
    reason: str | None = None


Claims = Mapping[str, Any]  # what an identity provider said of somebody when they signed in


def role_of(claims: Claims, members: Mapping[Role, Sequence[str]]) -> Role:
    """The highest role of which somebody is a member: by e-mail (`ann@example.org`), by its domain
    (`@example.org`), both only where the provider verified it, or by a group (`group:oncall`)."""
    mine = {f"group:{name.lower()}" for name in _groups(claims)}
    if email := verified_email(claims):
        mine |= {email, email[email.rindex("@") :]}
    found = (role for role, names in members.items() if not mine.isdisjoint(map(str.lower, names)))
    return max(found, default=Role.NOBODY)


def verified_email(claims: Claims) -> str | None:
    """In small letters. None unless the provider says that it verified it."""
    email = claims.get("email")
    if claims.get("email_verified") is not True or not isinstance(email, str) or "@" not in email:
        return None
    if any(each.lower().isascii() and not each.isascii() for each in email):
        return None  # the sign of Kelvin becomes somebody else's k
    return email.lower()


def _groups(claims: Claims) -> Iterable[str]:
    for name in ("groups", "roles"):
        values = claims.get(name)
        for value in [values] if isinstance(values, str) else values if isinstance(values, list) else []:
            if isinstance(value, str):
                yield value


def audit_name(claims: Claims) -> str:
    """A verified e-mail, else the provider's own id: nothing that people may choose for themselves."""
    return verified_email(claims) or f"{claims.get('iss', '')} {claims.get('sub', '')}".strip()


def signed_in_at(claims: Claims) -> float | None:
    """Seconds since 1970, as the provider said. None where it did not."""
    at = claims.get("iat")
    return float(at) if isinstance(at, (int, float)) and not isinstance(at, bool) else None


def sign_in_id(claims: Claims) -> str:
    """Tells one sign-in from every other, also of the same person."""
    told = {name: claims.get(name) for name in ("iss", "sub", "iat", "nonce", "sid", "jti", "at_hash")}
    return hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()
