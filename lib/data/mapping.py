"""The mapping of the app's table, as it is kept: read, and corrected while everything runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, TypedDict, cast

from lib.data.database import Database, Row
from lib.domain.table_guess import Held, meaning_of


class TableColumn(TypedDict):
    name: str
    type: str


class WordCount(TypedDict):
    """`status` is ours, or the word itself where nobody has mapped it."""

    word: str
    status: str
    n: int


class Mapped(TypedDict):
    """mapping       columns, statuses, left_out, provider, runway, fixed: as in supabase/migrations
    columns       all that the table has
    words         the app's, with what they mean, the commonest first
    others        rows by another provider
    unsaid        rows without a provider, where a column says it: they count as Runway's
    left_out      rows that are marked as gone
    required      columns that a new row needs and nobody gives
    row_security  whether rows are hidden from this role
    """

    relation: str
    mapping: dict[str, Any]
    columns: list[TableColumn]
    words: list[WordCount]
    others: dict[str, int]
    unsaid: int
    left_out: int
    required: list[TableColumn]
    row_security: bool


class Unmapped(NamedTuple):
    """A status word that nobody has mapped; `guess` is what its rows suggest."""

    word: str
    rows: int
    guess: str | None


class Need(TypedDict):
    """A column that a new row needs and nobody gives. `labels`: the words it may hold, where they are few;
    `points_to`: the table whose key it holds."""

    name: str
    type: str
    points_to: str | None
    labels: list[str] | None


class Choice(NamedTuple):
    value: str
    label: str


def mapped(db: Database) -> Mapped:
    return cast("Mapped", db.call("dailies_mapping")[0])


def unmapped(db: Database) -> list[Unmapped]:
    """The commonest first."""
    return [
        Unmapped(row["word"], row["n"], meaning_of(row["word"], _held(row)))
        for row in db.call("dailies_unmapped")
    ]


def _held(row: Row) -> Held:
    return Held(*(row[name] / row["n"] for name in ("videos", "errors", "tasks")))


def remap(db: Database, changes: Mapping[str, Any], operator: str) -> list[str]:
    """Changes the mapping, all of it or nothing; audited. Returns what the table lacks now, for `migrate`.

    changes   words {the app's: our status, or `unmapped`} and fixed {the app's column: value, or None for
              none}, added to what there is; columns {ours: the app's}, left_out, provider and runway whole

    Raises BadInput with everything that cannot be used.
    """
    return list(db.call("dailies_remap", p_changes=dict(changes), p_operator=operator)[0]["missing"])


def needs(db: Database) -> list[Need]:
    return cast("list[Need]", db.call("dailies_needs"))


def choices(db: Database, column: str, text: str = "") -> list[Choice]:
    """At most 20 rows of the table that a column points to, whose key or name holds the text. They may be
    people: only for those who may act. Raises NotFound for a column that points to none."""
    return [Choice(**row) for row in db.call("dailies_choices", p_column=column, p_text=text)]


def refused_sample(db: Database) -> str | None:
    """What the app's table would refuse of a new row and of what comes back for it; None where it takes both.
    It is tried and undone."""
    refused: str | None = db.call("dailies_try_sample")[0]["refused"]
    return refused
