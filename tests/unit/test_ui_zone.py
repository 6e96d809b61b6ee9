"""Times in the zone that somebody chose, on the page and in charts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from streamlit.testing.v1 import AppTest

from lib.ui.kit.charts import buckets, in_zone, marked, status_over_time
from lib.ui.kit.zone import zone_name

TOKYO = ZoneInfo("Asia/Tokyo")
NOON, HOUR = datetime(2026, 2, 3, 12, tzinfo=UTC), timedelta(hours=1)


def test_outside_a_page_times_are_in_utc() -> None:
    assert zone_name() == "UTC"


def test_a_chart_is_drawn_in_the_zone_and_says_so() -> None:
    times = buckets(NOON, NOON, 3600)
    figure = status_over_time([{"at": NOON.isoformat(), "status": "failed", "n": 2}], times)
    figure = marked(
        figure, [{"first_at": "2026-02-03T11:30:00+00:00", "deployment_id": "dpl_1"}], NOON - HOUR, NOON
    )
    moved = in_zone(figure, TOKYO)
    assert moved["data"][0]["x"] == ["2026-02-03T21:00:00"]
    assert moved["layout"]["shapes"][0]["x0"] == "2026-02-03T20:30:00"
    assert moved["layout"]["xaxis"]["title"]["text"] == "Created (Asia/Tokyo)"
    # what a click means stays what it was
    assert moved["data"][0]["customdata"] == figure["data"][0]["customdata"]
    assert in_zone(figure, UTC) == figure


def _page() -> None:
    import streamlit as st

    from lib.ui.kit.format import clock, exact
    from lib.ui.kit.zone import choose_zone, keep_zone

    keep_zone()
    choose_zone()
    st.text(clock("2026-02-03T23:30:00Z"))
    st.text(exact("2026-02-03T23:30:00.25Z"))


@pytest.fixture
def in_tokyo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lib.ui.kit.zone._of_browser", lambda: TOKYO)


def test_a_click_changes_the_zone_and_the_address_says_it(in_tokyo: None) -> None:
    app = AppTest.from_function(_page).run()
    assert [text.value for text in app.text] == ["03 Feb 23:30:00", "03 Feb 2026 23:30:00.250 UTC"]
    app.button(key="zone-button").click().run()
    assert [text.value for text in app.text] == ["04 Feb 08:30:00", "04 Feb 2026 08:30:00.250 JST"]
    assert app.query_params["zone"] == "browser"
    app.button(key="zone-button").click().run()
    assert app.text[0].value == "03 Feb 23:30:00"
    assert "zone" not in app.query_params


def test_the_choice_holds_on_the_next_page(in_tokyo: None) -> None:
    app = AppTest.from_function(_page).run()
    app.button(key="zone-button").click().run()
    del app.query_params["zone"]  # as a link to another page does
    app.run()
    assert app.text[0].value == "04 Feb 08:30:00"
