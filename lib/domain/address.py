"""What a host's name says of where it is."""

from __future__ import annotations

import re
from ipaddress import ip_address


def is_loopback(host: str | None) -> bool:
    """Whether it is this machine: `localhost`, or an address such as 127.0.0.1 and ::1."""
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return host == "localhost"


def is_domain_name(host: str | None) -> bool:
    """Neither an address in numbers nor a name without a dot, as those of a private network are."""
    return bool(re.fullmatch(r"(?:[\w-]+\.)+[a-zA-Z][\w-]+", host or ""))
