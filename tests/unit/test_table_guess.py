"""A table map is proposed from rows: columns by name and kind, words by what they say and what rows hold."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from lib.domain.mapping import TableMap
from lib.domain.table_guess import propose


def an_id(kind: int, number: int) -> str:
    return str(UUID(int=kind << 100 | number << 64 | 0x8000_0000_0000_0000, version=4))


def auftraege() -> list[dict[str, Any]]:
    """A German app: numbers as keys, a word for status, several makers of videos, rows marked as deleted."""
    stands = ["wartet", "in_arbeit", "fertig", "fertig", "fertig", "fehlgeschlagen", "Entwurf", "archiviert"]
    return [
        {
            "auftrag_nr": number,
            "kunde_id": an_id(1, number % 3),
            "zustand": (stand := stands[number % 8]),
            "beschreibung": f"Eine Katze auf dem Dach Nummer {number}",
            "bild_url": f"https://bilder.example/{number}.png",
            "vorschau_bild": f"https://bilder.example/{number}-klein.png",
            "ergebnis_url": f"https://filme.example/{number}.mp4"
            if stand in ("fertig", "archiviert")
            else None,
            "fehlermeldung": "Es ging leider nicht gut" if stand == "fehlgeschlagen" else None,
            "runway_auftrag": None if stand in ("wartet", "Entwurf") else an_id(2, number),
            "anbieter": "kling" if number % 5 == 0 else "runway",
            "erstellt_am": f"2026-02-03 10:{number:02}:00+00",
            "geloescht_am": None,
        }
        for number in range(40)
    ]


def test_an_app_in_german_is_understood() -> None:
    proposed = propose(auftraege())
    assert proposed.map.columns == {
        "id": "auftrag_nr",
        "status": "zustand",
        "created_at": "erstellt_am",
        "runway_video_id": "runway_auftrag",
        "error_message": "fehlermeldung",
        "prompt": "beschreibung",
        "input_image_url": "bild_url",
        "video_url": "ergebnis_url",
        "user_id": "kunde_id",
    }
    assert proposed.map.statuses["queued"] == ("wartet",)
    assert proposed.map.statuses["processing"] == ("in_arbeit",)
    assert proposed.map.statuses["failed"] == ("fehlgeschlagen",)
    assert (proposed.map.provider_column, proposed.map.runway) == ("anbieter", ("runway",))
    assert proposed.map.leave_out == ("geloescht_am",)


def test_a_word_nobody_knows_is_taken_by_what_its_rows_hold_and_a_draft_is_left() -> None:
    proposed = propose(auftraege())
    assert proposed.map.statuses["succeeded"] == ("fertig", "archiviert")
    assert proposed.guessed == {"archiviert"}
    assert proposed.map.unmapped == ("Entwurf",)
    assert '"archiviert", # 5 rows, guessed from what these rows hold' in proposed.as_toml()


def test_the_proposed_file_is_read_as_it_was_proposed() -> None:
    proposed = propose(auftraege())
    assert TableMap.from_toml(proposed.as_toml()) == proposed.map


def test_a_word_that_sounds_done_while_its_rows_hold_nothing_is_not_taken_for_done() -> None:
    rows = [
        {"id": n, "state": "ready" if n % 2 else "generated", "at": f"2026-02-03T10:00:0{n}Z",
         "video_url": None if n % 2 else f"https://films.example/{n}.mp4"}
        for n in range(8)
    ]  # fmt: skip
    assert propose(rows).map.statuses["succeeded"] == ("generated",)
    assert propose(rows).map.columns["created_at"] == "at"


def test_names_in_camel_case_and_types_alone_are_enough() -> None:
    types = {
        "clipId": "uuid", "ownerId": "uuid", "jobStatus": "text", "promptText": "text",
        "runwayTaskId": "text", "errorMessage": "text", "createdAt": "timestamp without time zone",
        "updatedAt": "timestamp", "thumbnailUrl": "text", "outputUrl": "text", "imageUrl": "text",
    }  # fmt: skip
    proposed = propose([], types=types, counts={"PENDING": 3, "RUNNING": 2, "COMPLETED": 90, "ERRORED": 1})
    assert proposed.map.columns == {
        "id": "clipId",
        "status": "jobStatus",
        "created_at": "createdAt",
        "updated_at": "updatedAt",
        "runway_video_id": "runwayTaskId",
        "error_message": "errorMessage",
        "prompt": "promptText",
        "input_image_url": "imageUrl",
        "video_url": "outputUrl",
        "user_id": "ownerId",
    }
    assert proposed.map.statuses["processing"] == ("RUNNING",)
    assert proposed.map.statuses["failed"] == ("ERRORED",)


def test_a_column_that_has_our_name_is_it_however_it_is_spelt_and_filled() -> None:
    rows = [
        {"Id": n, "Status": "done", "Prompt": f"cat {n}", "CreatedAt": f"2026-02-03T10:00:0{n}Z"}
        for n in range(8)
    ]
    columns = propose(rows).map.columns
    assert {name: columns[name] for name in ("id", "status", "created_at", "prompt")} == {
        "id": "Id",
        "status": "Status",
        "created_at": "CreatedAt",
        "prompt": "Prompt",
    }


def test_a_time_may_be_a_number_and_a_key_that_looks_like_one_stays_the_key() -> None:
    rows = [
        {
            "render": 1764000000000 + n,
            "state": "done",
            "frames": 100 + n,
            "requested_at": 1764000300000 + 1000 * n,
        }
        for n in range(8)
    ]
    assert propose(rows).map.columns == {"id": "render", "status": "state", "created_at": "requested_at"}
    with pytest.raises(ValueError, match="no column looks like created_at"):
        propose([row | {"requested_at": n} for n, row in enumerate(rows)])


def test_what_is_needed_and_not_there_is_named() -> None:
    with pytest.raises(ValueError, match="no column looks like status"):
        propose([{"id": 1, "created_at": "2026-02-03T10:00:00Z", "title": "A cat on the roof"}])


def with_tickets(*more: str) -> list[dict[str, Any]]:
    return [
        {
            "id": an_id(1, number),
            "stage": "served" if number % 3 else "baking",
            "wish": f"a loaf of bread rises slowly {number}",
            "ticket": an_id(2, number) if number % 6 else None,
            "result": f"https://films.example/{number}.mp4" if number % 3 else None,
            "ordered_at": f"2026-02-03 10:{number:02}:00+00",
        }
        | {name: an_id(3, number) if number % 6 else None for name in more}
        for number in range(40)
    ]


def test_a_uuid_that_goes_with_every_film_is_the_task_whatever_it_is_called() -> None:
    proposed = propose(with_tickets())
    assert proposed.map.columns["runway_video_id"] == "ticket"
    assert proposed.map.statuses["processing"] == ("baking",)


def test_where_two_columns_may_be_the_task_none_is_guessed() -> None:
    assert "runway_video_id" not in propose(with_tickets("voucher")).map.columns
