"""A table map: an app's own table, columns and status words, read and written."""

from __future__ import annotations

import re
from typing import Any

import pytest

from lib.domain.mapping import RowKind, TableMap

REELS = """
table = "studio.reels"
leave_out = ["trashed", "removed_at"]
[columns]
id = "reel"
status = "stand"
created_at = "made"
runway_video_id = "job"
error_message = "why"
[status]
queued = ["wartet"]
processing = ["dreht", "schneidet"]
succeeded = ["ready"]
failed = ["kaputt"]
unmapped = ["entwurf", "queued"]
[provider]
column = "engine"
runway = ["gen4_turbo"]
[fixed]
plan = "intern"
"""
ROW = {"reel": 7, "stand": "dreht", "made": "2026-02-03T10:00:00Z", "job": "j-1", "why": None, "status": 3}


def reels() -> TableMap:
    return TableMap.from_toml(REELS)


def test_a_row_is_read_under_our_names_and_words() -> None:
    video = reels().video(ROW | {"kind": "short"})
    assert (video.id, video.status, video.runway_video_id) == ("7", "processing", "j-1")
    assert video.columns == {"kind": "short"}  # its own column `status` means something else


@pytest.mark.parametrize("word", ["entwurf", "queued", "complete", "never seen"])
def test_a_word_that_is_not_mapped_is_neither_finished_nor_unfinished_whatever_others_mean_by_it(
    word: str,
) -> None:
    video = reels().video(ROW | {"stand": word})
    assert video.is_finished
    assert not video.status_is_known
    assert word in video.status


def test_what_is_written_has_the_names_and_the_first_word_of_the_app() -> None:
    written = reels().write(
        {"status": "processing", "runway_video_id": "j-2", "video_url": "https://x.example"}
    )
    assert written == {"stand": "dreht", "job": "j-2"}
    with pytest.raises(ValueError, match="no word for 'cancelled'"):
        reels().write({"status": "cancelled"})


@pytest.mark.parametrize(
    ("columns", "kind"),
    [
        ({}, RowKind.VIDEO),
        ({"engine": None, "trashed": False, "removed_at": None}, RowKind.VIDEO),
        ({"engine": "gen4_turbo"}, RowKind.VIDEO),
        ({"engine": "Gen4_Turbo"}, RowKind.OTHER_PROVIDER),
        ({"trashed": True}, RowKind.DELETED),
        ({"removed_at": "2026-02-04T10:00:00Z", "engine": "other"}, RowKind.DELETED),
    ],
)
def test_deleted_rows_and_those_of_others_are_told_apart(columns: dict[str, Any], kind: RowKind) -> None:
    assert reels().kind_of(ROW | columns) is kind


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("[fixed]", "[sample]"), "unknown field `sample`"),
        (('id = "reel"', ""), "`columns` lacks `id`"),
        (('id = "reel"', "id = 3"), "`columns` must be a table of column names"),
        (('job"', 'job"\nduck = "x"'), "unknown column `duck`"),
        (('["wartet"]', '"wartet"'), "`status` must be a table of lists of words"),
        (('["wartet"]', '["dreht"]'), "the word 'dreht' stands twice"),
        (("failed =", "broken ="), "unknown status `broken`"),
        (('runway = ["gen4_turbo"]', ""), "`provider` needs its `column`"),
        (('["trashed", "removed_at"]', "1"), "`leave_out` must be a list"),
        (("[columns]", "[columns"), "line 4"),
    ],
)
def test_a_map_that_cannot_be_used_says_why(change: tuple[str, str], says: str) -> None:
    with pytest.raises(ValueError, match=re.escape(says)):
        TableMap.from_toml(REELS.replace(*change))
