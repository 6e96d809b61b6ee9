"""What a host's name says of where it is."""

from __future__ import annotations

import re
from ipaddress import ip_address

_HOST = re.compile(r"([A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::(\d{1,5}))?")


def host_and_port(host: str) -> tuple[str, str] | None:
    """`Example.org.:8501` → `("example.org", "8501")`, `[::1]` → `("::1", "")`. None for what is no host."""
    found = _HOST.fullmatch(host)
    if found is None:
        return None
    return plain_address(found[1].strip("[]").lower().removesuffix(".")), found[2] or ""


def host_name(host: str) -> str | None:
    """The host without its port. None for what is no host."""
    found = host_and_port(host)
    return found and found[0]


def plain_address(name: str) -> str:
    """An address in numbers has many spellings; names stay as they are."""
    try:
        return str(ip_address(name))
    except ValueError:
        return name


def is_loopback(host: str | None) -> bool:
    """Whether it is this machine: `localhost`, or an address such as 127.0.0.1 and ::1."""
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return host == "localhost"


def is_domain_name(host: str | None) -> bool:
    """Neither an address in numbers nor a name without a dot, as those of a private network are."""
    return bool(re.fullmatch(r"(?:[\w-]+\.)+[a-zA-Z][\w-]+", host or ""))
