from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from lib.domain.times import iso, to_ms


@given(st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))
def test_a_time_survives_being_written_and_read_to_the_millisecond(at: datetime) -> None:
    again = datetime.fromisoformat(iso(to_ms(at)))
    assert abs(again - at).total_seconds() <= 0.0005


def test_milliseconds_are_written_with_all_their_zeros() -> None:
    assert iso(1_763_000_000_007) == "2025-11-13T02:13:20.007Z"
