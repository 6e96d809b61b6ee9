"""Links out of the page of a video: only whole ones, and nothing of a row can lead elsewhere."""

from __future__ import annotations

import pytest

from lib.domain.link import check_template, links_out
from lib.errors import SettingsError
from lib.settings import load_settings

TEMPLATES = {
    "Logs": "https://logs.example.com/app?request={request_id}&on={deployment_id}",
    "Row": "https://db.example.com/rows/{video_id}",
}


def test_a_link_is_there_once_all_that_it_needs_is_known() -> None:
    assert links_out(TEMPLATES, {"video_id": "v-1", "request_id": "r-1", "deployment_id": None}) == {
        "Row": "https://db.example.com/rows/v-1"
    }
    assert set(links_out(TEMPLATES, {"video_id": "v", "request_id": "r", "deployment_id": "d"})) == set(
        TEMPLATES
    )


def test_what_a_row_says_stays_one_part_of_the_address() -> None:
    found = links_out(TEMPLATES, {"video_id": "../../x?y#z&@evil.test/"})
    assert found["Row"] == "https://db.example.com/rows/..%2F..%2Fx%3Fy%23z%26%40evil.test%2F"


@pytest.mark.parametrize(
    "template",
    [
        "javascript:alert({video_id})",
        "https://{video_id}.test/",
        "https://a.test/",
        "https://a.test/{user}",
        "/{task_id}",
    ],
)
def test_a_template_that_leads_nowhere_is_refused(template: str) -> None:
    with pytest.raises(ValueError, match="a link"):
        check_template(template)


def test_settings_say_which_link_is_wrong_and_an_empty_setting_is_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    load_settings.cache_clear()
    for wrong in ('{"Logs": "ftp://a.test/{task_id}"}', "https://a.test/{task_id}"):
        monkeypatch.setenv("DAILIES_LINKS", wrong)
        with pytest.raises(SettingsError, match="DAILIES_LINKS"):
            load_settings()
    for unset in ("", "{}"):
        monkeypatch.setenv("DAILIES_LINKS", unset)
        assert load_settings().links == {}
        load_settings.cache_clear()
