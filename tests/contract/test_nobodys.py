"""Tasks that nobody has are listed, whatever came first: their lines, the rows or their verdicts."""

from __future__ import annotations

import random
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from lib.data import videos
from lib.data.database import Database
from lib.data.logs import nobodys
from lib.data.migrations import migrate
from lib.data.postgres import PostgresDatabase
from lib.operations.judge import judge_all
from tests.apps import app_of
from tests.examples import NOON, entry, video

ALL = NOON - timedelta(days=90), NOON + timedelta(days=90)
READ_FROM_THE_LOG = """
select n.task_id from (
    select e.task_id, min(e.at) as at from dailies.log_entries e
    where e.task_id is not null and e.video_id is null group by 1) n
where dailies.is_nobodys(n.task_id, '-infinity') order by n.at desc, n.task_id
"""


def listed(db: Database) -> list[str]:
    return [each.task_id for each in nobodys(db, *ALL, limit=1000)]


def read_from_the_log(postgres: PostgresDatabase) -> list[str]:
    with postgres.transaction("test") as connection:
        return [task for (task,) in connection.execute(READ_FROM_THE_LOG)]


def do(postgres: PostgresDatabase, statement: str, *values: object) -> None:
    with postgres.transaction("test") as connection:
        connection.execute(statement.encode(), values)


class Day:
    """An app that makes videos, forgets ids, writes others, and deletes; and the lines that it writes."""

    def __init__(self, postgres: PostgresDatabase, seed: int) -> None:
        self.db = postgres
        self.chance = random.Random(seed)
        self.rows: list[str] = []
        self.tasks = [self._id() for _ in range(30)]
        self.minutes = 0.0

    def _id(self) -> str:
        return str(UUID(int=self.chance.getrandbits(128), version=4))

    def line(self) -> None:
        task = self.chance.choice(self.tasks)
        owner = self.chance.choice(self.rows) if self.rows and self.chance.random() < 0.2 else None
        request = self.chance.choice([None, "req-a", "req-b", "req-c"])
        self.minutes += self.chance.random()
        back = self.chance.choice([0, 0, 30])
        said = entry(f"Task {task}", self.minutes - back, request, task_id=task, video_id=owner)
        self.db.call("dailies_add_logs", p_entries=[said])

    def row(self) -> None:
        self.rows.append(self._id())
        task = self.chance.choice([None, *self.tasks])
        made = video(self.rows[-1], "processing", self.minutes, runway_video_id=task)
        videos.import_videos(self.db, [made])

    def overwrite(self) -> None:
        if self.rows:
            task = self.chance.choice([None, *self.tasks])
            row = self.chance.choice(self.rows)
            do(self.db, "update videos set runway_video_id = %s where id = %s", task, row)

    def delete(self) -> None:
        if self.rows:
            row = self.rows.pop(self.chance.randrange(len(self.rows)))
            do(self.db, "delete from videos where id = %s", row)

    def judge(self) -> None:
        judge_all(app_of(self.db))

    def go_on(self, steps: int) -> None:
        for _ in range(steps):
            self.chance.choice([self.line, self.line, self.row, self.overwrite, self.delete, self.judge])()


@pytest.mark.parametrize("seed", range(8))
def test_what_is_listed_is_what_the_whole_log_tells(postgres: PostgresDatabase, seed: int) -> None:
    day = Day(postgres, seed)
    for _ in range(8):
        day.go_on(12)
        day.judge()
        assert sorted(listed(postgres)) == sorted(read_from_the_log(postgres))


def test_they_come_with_the_line_that_first_named_them_the_latest_first(postgres: PostgresDatabase) -> None:
    tasks = [str(uuid4()) for _ in range(4)]
    for number, task in enumerate(tasks):
        for minute, said in ((number, "created"), (number + 10, "polled")):
            line = entry(f"Task {task} {said}", minute, None, task_id=task)
            postgres.call("dailies_add_logs", p_entries=[line])
    assert [(each.task_id, each.message) for each in nobodys(postgres, *ALL, limit=3)] == [
        (task, f"Task {task} created") for task in tasks[:0:-1]
    ]
    span = NOON + timedelta(minutes=1), NOON + timedelta(minutes=3)
    assert [each.task_id for each in nobodys(postgres, *span)] == [tasks[2], tasks[1]]


def test_tasks_that_somebody_has_are_looked_up_once_and_not_kept(postgres: PostgresDatabase) -> None:
    owner, other, task = str(uuid4()), str(uuid4()), str(uuid4())
    videos.import_videos(postgres, [video(owner, "processing"), video(other, "processing")])
    apart = [entry(f"Task {task}", 1, "req", task_id=task), entry(f"For {owner}", 2, "req", video_id=owner)]
    for line in apart:
        postgres.call("dailies_add_logs", p_entries=[line])
    lonely = [str(uuid4()) for _ in range(3)]
    postgres.call(
        "dailies_add_logs", p_entries=[entry(f"Task {each}", 3, None, task_id=each) for each in lonely]
    )
    judge_all(app_of(postgres))
    with postgres.transaction("test") as connection:
        kept = connection.execute("select task_id, is_looked_at from dailies.nobodys").fetchall()
    assert sorted(kept) == sorted((each, True) for each in lonely)


def test_an_earlier_versions_log_is_read_once_when_the_schema_is_brought_up(own_database_url: str) -> None:
    database = PostgresDatabase(own_database_url, label="test")
    day = Day(database, 3)
    day.go_on(80)
    day.judge()
    before = read_from_the_log(database)
    assert before
    do(database, "drop table dailies.nobodys")
    do(database, "alter table dailies.verdicts drop column runway_video_id")
    do(database, "delete from dailies.migrations where version >= '20261126012000'")
    migrate(database)
    assert sorted(listed(database)) == sorted(before)
    database.close()
