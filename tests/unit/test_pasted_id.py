"""An id is found in whatever it was copied with."""

from __future__ import annotations

import pytest

from lib.domain.pasted_id import ids_in

ID = "11111111-aaaa-4000-8000-000000000001"
OTHER = "22222222-bbbb-4000-8000-000000000002"


@pytest.mark.parametrize("each", [ID, "1111", "vid_01HZ", "clip:7"])
@pytest.mark.parametrize(
    "pasted",
    [
        "{}",
        "  {}\n",
        '"{}"',
        "'{}'",
        "`{}`",
        "“{}”",
        "{},",
        "{}.",
        "{};",
        "'{}',",
        "{}…",
        "({})",
        "id={}",
        "id: {}",
        "videoId: '{}'",
        "videoId: '{}',",
        '"video_id": "{}",',
        '{{"taskId":"{}"}}',
        "Video id: `{}`.",
        "https://dailies.test/video?id={}",
        "https://dailies.test/video?window=24h&id={}&zone=UTC#top",
        "<https://dailies.test/video?id={}>",
        "/video?id={}.",
    ],
)
def test_an_id_is_found_in_what_it_was_copied_with(pasted: str, each: str) -> None:
    assert each in ids_in(pasted.format(each))


def test_the_ids_of_a_line_are_found_in_their_order() -> None:
    line = f"[generate] Task created {{ videoId: '{ID}', taskId: '{OTHER}' }}"
    assert ids_in(line)[-2:] == [ID, OTHER]
    assert ids_in(f"https://app.test/clips/{OTHER}/edit")[-1] == OTHER


@pytest.mark.parametrize("text", ["swan lake", "error: dead", "1111", "what?", "a=b&c=d"])
def test_a_text_that_holds_no_id_may_only_be_one_itself(text: str) -> None:
    assert ids_in(text) == [text]


def test_nothing_is_no_id_and_of_a_long_text_few_are_tried() -> None:
    assert ids_in(" ") == []
    assert ids_in("'',") == ["'',"]
    assert len(ids_in(" ".join(f"{n:08x}{ID[8:]}" for n in range(1000)))) == 6
