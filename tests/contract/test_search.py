"""Videos are found by any three characters of their ids, prompts and errors, whenever they were made."""

from __future__ import annotations

import random
import re
import uuid
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from lib.data import videos
from lib.data.database import Database
from lib.data.migrations import migrate
from lib.data.postgres import PostgresDatabase
from lib.data.videos import Filters, Sort, end_of
from lib.operations.judge import searched_words
from tests.databases import TEMPLATE, Cluster
from tests.examples import NOON, TANGO, WALTZ, verdict, video

WORDS = (
    "Waltz",
    "valse",
    "100%",
    "a_b",
    "back\\slash",
    "Straße",
    "ПОЛЬКА",
    "舞踏会",
    "no credits",
    "it's",
    "!!!",
    '"quoted"',
    "two  blanks",
    "a\ttab",
    "a line\nbreak",
)

READ_WITHOUT_INDEX = """
select c.relname, pg_stat_get_xact_tuples_returned(c.oid) from pg_class c
where c.relkind = 'r' and c.relnamespace in ('public'::regnamespace, 'dailies'::regnamespace)
"""


def found(db: Database, text: str) -> set[str]:
    return {row["id"] for row in videos.every_video(db, Filters(search=text), page=3)}


def judge(db: Database, most: int = 500) -> None:
    marks = db.call("dailies_dirty", p_limit=most)
    rows = videos.every_video(db, Filters(ids=tuple(each["video_id"] for each in marks)))
    words = {row["id"]: searched_words(row) for row in rows}
    verdicts = [verdict(each["video_id"], "unknown") | each for each in marks]
    db.call("dailies_save_verdicts", p_verdicts=[one | {"words": words[one["video_id"]]} for one in verdicts])


def change(db: PostgresDatabase, statement: str, *values: Any) -> None:
    with db.transaction("test") as connection:
        connection.execute(statement.encode(), values)


def holds(row: Mapping[str, Any], text: str) -> bool:
    """As pages show it, with one blank for any number of blanks and breaks."""
    held = (row.get(name) or "" for name in ("id", "prompt", "error_message", "runway_video_id"))
    shown = re.sub(r"\s+", " ", text.lower())
    return any(shown in " ".join(each.lower().split()) for each in held)


@pytest.fixture
def trigrams(cluster: Cluster) -> None:
    with cluster.admin(TEMPLATE) as connection:
        if not connection.execute("select 1 from pg_available_extensions where name = 'pg_trgm'").fetchone():
            pytest.skip("this Postgres comes without pg_trgm")


@pytest.mark.usefixtures("trigrams")
def test_a_search_finds_what_reading_every_row_finds_whatever_was_judged(db: Database) -> None:
    chance = random.Random(7)
    rows = []
    for n in range(60):
        more = {
            name: " ".join(chance.choices(WORDS, k=chance.randint(1, 3)))
            for name in ("prompt", "error_message", "runway_video_id")
            if chance.random() < 0.6
        }
        rows.append(video(str(uuid.UUID(int=chance.getrandbits(128), version=4)), "failed", n, **more))
    videos.import_videos(db, rows[:40])
    judge(db)
    videos.import_videos(db, rows[40:])
    judge(db, 7)  # the rest waits
    typed = [
        *WORDS,
        *(word[1:] for word in WORDS),
        *(" ".join(word.split()) for word in WORDS),
        *(row["id"][4:12] for row in rows[::9]),
        "nowhere",
        "e",
        "%",
        "sl",
    ]
    for text in typed:
        expected = [row["id"] for row in reversed(rows) if holds(row, text)]
        assert [row["id"] for row in videos.every_video(db, Filters(search=text), page=3)] == expected, text
        for ascending in (True, False):
            sort = Sort("prompt", ascending)
            pages, after = [], None
            while page := videos.list_videos(
                db, Filters(search=text), sort=sort, after=after, counted=True, limit=4
            ):
                pages += page
                after = end_of(page)
            assert sorted(row["id"] for row in pages) == sorted(expected), text
            assert {row["matches"] for row in pages} <= {len(expected)}, text


@pytest.mark.usefixtures("trigrams")
@pytest.mark.parametrize(
    "text",
    [
        "ab",
        "abc",
        "a b",
        "??a??",
        "ab ",
        "-a",
        "a-",
        "x: 1",
        "a_b",
        "_a_",
        "?a?",
        "a?",
        "%a%",
        '"})',
        "1/2",
        "ab c",
        "c ab",
        "ab_",
        "a.bc",
    ],
)
def test_which_texts_an_index_leads_to_is_what_the_database_says(
    postgres: PostgresDatabase, text: str
) -> None:
    pattern = re.sub(r"([\\%_])", r"\\\1", text)
    has_a_longer_word = re.search(r"[^\W_]{2}", text) is not None  # one letter leads to nearly every text
    with postgres.transaction("test") as connection:
        connection.execute(
            "create temporary table t as select md5(n::text) as w from generate_series(1, 99) n"
        )
        connection.execute("create index on t using gin (w gin_trgm_ops)")
        connection.execute("set local enable_seqscan = off")
        connection.execute("select from t where w ilike %s", [f"%{pattern}%"])
        ((entries,),) = connection.execute(
            "select sum(pg_stat_get_xact_tuples_returned(indexrelid)) from pg_index "
            "where indrelid = 't'::regclass"
        ).fetchall()
    assert (entries < 99 and has_a_longer_word) == videos.is_in_an_index(text)


def test_matches_are_counted_without_what_was_deleted_or_made_by_dailies_itself(
    postgres: PostgresDatabase,
) -> None:
    rows = [video(str(uuid.uuid4()), "failed", n, prompt="a cat dances") for n in range(4)]
    videos.import_videos(postgres, rows)
    judge(postgres)
    change(postgres, "insert into dailies.made_here (video_id) values (%s)", rows[0]["id"])
    change(postgres, "delete from public.videos where id = %s", rows[1]["id"])
    for _ in range(2):
        found = videos.list_videos(postgres, Filters(search="dances", own=False), counted=True)
        assert [row["matches"] for row in found] == [2, 2]
        judge(postgres)


def test_a_changed_prompt_is_found_by_its_new_words_only_at_once_and_later(
    postgres: PostgresDatabase,
) -> None:
    videos.import_videos(postgres, [video(WALTZ, "processing", 1, prompt="a cat dances")])
    judge(postgres)
    change(postgres, "update public.videos set prompt = 'a dog sleeps' where id = %s", WALTZ)
    for _ in range(2):
        assert found(postgres, "sleep") == {WALTZ}
        assert not found(postgres, "dances")
        judge(postgres)


def test_a_text_that_was_kept_with_its_lines_is_found_as_it_is_shown_after_an_upgrade(
    own_database_url: str,
) -> None:
    db = PostgresDatabase(own_database_url, label="test")
    videos.import_videos(db, [video(TANGO, "failed", prompt="a swan\non\tice"), video(WALTZ, "failed")])
    judge(db)
    kept = f"{TANGO}\na swan\non\tice"
    change(db, "update dailies.searched set words = %s where video_id::text = %s", kept, TANGO)
    change(db, "delete from dailies.migrations where version >= %s", "20261126015000")
    assert found(db, "swan on ice") == set()
    migrate(db)
    assert [each["video_id"] for each in db.call("dailies_dirty", p_limit=9)] == [TANGO]
    judge(db)
    assert found(db, "swan on ice") == found(db, "a swan\non") == {TANGO}
    db.close()


def test_what_is_deleted_is_not_found(postgres: PostgresDatabase) -> None:
    videos.import_videos(postgres, [video(WALTZ, "processing", 1, prompt="a cat dances")])
    judge(postgres)
    change(postgres, "delete from public.videos where id = %s", WALTZ)
    assert not found(postgres, "dances")
    with postgres.transaction("test") as connection:
        assert connection.execute("select count(*) from dailies.searched").fetchone() == (0,)


@pytest.mark.usefixtures("trigrams")
def test_videos_judged_by_an_earlier_version_are_found_meanwhile_and_at_once_when_judged_again(
    empty_database_url: str,
) -> None:
    database = PostgresDatabase(empty_database_url, label="earlier")
    migrate(database)
    videos.import_videos(
        database, [video(WALTZ, "processing", 1, prompt="a cat dances"), video(TANGO, "failed", 2)]
    )
    judge(database)
    change(database, "delete from dailies.searched")
    change(database, "update dailies.counted set searchable = false")
    assert database.call("dailies_search_kind") == [{"kind": "rows"}]
    assert found(database, "ances") == {WALTZ}
    migrate(database)
    assert found(database, "ances") == {WALTZ}
    judge(database)
    assert database.call("dailies_search_kind") == [{"kind": "anywhere"}]
    assert found(database, "ances") == {WALTZ}
    with database.transaction("test") as connection:
        assert connection.execute("select count(*) from dailies.searched").fetchone() == (2,)
    database.close()


def test_where_no_trigrams_are_to_be_had_words_are_found_by_how_they_begin(own_database_url: str) -> None:
    database = PostgresDatabase(own_database_url, label="plain")
    with database.transaction("test") as connection:
        connection.execute("drop index dailies.searched_anywhere")
        connection.execute(
            "create index searched_words on dailies.searched using gin (to_tsvector('simple', words))"
        )
    assert database.call("dailies_search_kind") == [{"kind": "words"}]
    videos.import_videos(
        database,
        [
            video(WALTZ, "processing", 1, prompt="a cat's first Waltz, 100%"),
            video(TANGO, "failed", 2, prompt="waltzing!!!"),
        ],
    )
    judge(database)
    for text, expected in {
        "waltz": {WALTZ, TANGO},
        "Waltz, 100%": {WALTZ},
        "first wal": {WALTZ},
        "cat's": {WALTZ},
        "!!!": {TANGO},
        "' & | :*": set(),
        TANGO[:13]: {TANGO},
    }.items():
        assert found(database, text) == expected, text
    database.close()


@pytest.fixture
def thousands(own_database_url: str) -> Iterator[PostgresDatabase]:
    """4,000 judged videos of as many seconds."""
    database = PostgresDatabase(own_database_url, label="big")
    videos.import_videos(
        database,
        [
            {**video(str(uuid.uuid4()), "succeeded"), "prompt": f"A pet number {n} ", "created_at": at}
            for n in range(4000)
            for at in [(NOON + timedelta(seconds=n)).isoformat()]
        ],
    )
    for _ in range(2):
        judge(database, 2000)
    with database.session("analyze") as connection:
        connection.execute("vacuum analyze")
    yield database
    database.close()


def test_a_search_of_all_times_reads_no_table_from_end_to_end(thousands: PostgresDatabase) -> None:
    for text in ("no such words", "number 777 ", "pet number", "number 1", "a4f0-9bc"):
        with thousands.transaction("test") as connection:
            connection.execute("set local enable_seqscan = off")  # these few would be read quicker
            before = dict(connection.execute(READ_WITHOUT_INDEX).fetchall())
            connection.execute("select count(*) from public.dailies_list_videos(p_search => %s)", [text])
            after = dict(connection.execute(READ_WITHOUT_INDEX).fetchall())
        assert max(after[table] - before[table] for table in after) < 200, (text, before, after)


@pytest.mark.usefixtures("trigrams")
@pytest.mark.parametrize("page", [40, 1000])
def test_what_very_many_have_is_found_page_by_page_whatever_the_window(
    thousands: PostgresDatabase, page: int
) -> None:
    ids = [row["id"] for row in videos.every_video(thousands, page=1000)]
    change(thousands, "insert into dailies.made_here (video_id) values (%s), (%s)", ids[3], ids[1500])
    change(thousands, "update videos set prompt = 'a cat' where id = any(%s::uuid[])", ids[1:1000:90])
    change(thousands, "update videos set prompt = 'number 1, too' where id = any(%s::uuid[])", ids[5:2000:90])
    judge(thousands, 20)  # some of those wait
    rows = list(videos.every_video(thousands, page=1000))
    for text in ("pet number", "number 1", "number 11", rows[0]["id"][:3], "number 3999", "cat", "number 1,"):
        for span in ((None, None), (0, 3990), (2900, 3995), (1000, 1200), (3998, 4001)):
            first, end = (second if second is None else NOON + timedelta(seconds=second) for second in span)
            expected = [
                row["id"]
                for row in rows
                if holds(row, text)
                and (first is None or first <= datetime.fromisoformat(row["created_at"]))
                and (end is None or datetime.fromisoformat(row["created_at"]) < end)
            ]
            after, got = None, list[list[str]]()
            while full := videos.list_videos(
                thousands, Filters(search=text, since=first, until=end), after=after, limit=page
            ):
                got.append([row["id"] for row in full])
                after = end_of(full)
            pages = [expected[start : start + page] for start in range(0, len(expected), page)]
            assert got == pages, (text, span)


def test_matches_are_counted_to_ten_thousand_of_a_window_and_to_one_of_what_is_filtered(
    thousands: PostgresDatabase,
) -> None:
    for filters, matches in (
        (Filters(), 4000),
        (Filters(since=NOON, until=NOON + timedelta(seconds=3000)), 3000),
        (Filters(statuses=("succeeded",)), 1001),
        (Filters(search="pet number"), 1001),
        (Filters(causes=("unknown",)), 1001),
    ):
        (row,) = videos.list_videos(thousands, filters, counted=True, limit=1)
        assert row["matches"] == matches
        assert (matches > filters.counted) == (matches == 1001)
