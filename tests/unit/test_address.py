"""Which hosts are this machine, and which have a name in the open web."""

from __future__ import annotations

import pytest

from lib.domain.address import is_domain_name, is_loopback


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.8.8", "::1"])
def test_this_machine_is_known_by_name_and_by_every_address(host: str) -> None:
    assert is_loopback(host)
    assert not is_domain_name(host)


@pytest.mark.parametrize(
    "host", [None, "", "10.0.0.1", "localhost.example.com", "127.0.0.1.example.com", "::"]
)
def test_no_other_host_passes_for_this_machine(host: str | None) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize(
    ("host", "has_name"),
    [
        ("cdn.example.com", True),
        ("xn--bcher-kva.example", True),
        ("metadata", False),
        ("169.254.169.254", False),
        ("2130706433", False),
        ("fd00::1", False),
        ("", False),
        ("a." * 5000, False),
    ],
)
def test_a_domain_name_is_neither_a_number_nor_a_private_name(host: str, has_name: bool) -> None:
    assert is_domain_name(host) is has_name
