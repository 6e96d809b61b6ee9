"""The mapping of the app's table, as it is kept: read, and corrected while everything runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, TypedDict, cast

from lib.data.database import Database, Row
from lib.domain.table_guess import Held, meaning_of


class TableColumn(TypedDict):
    """`points_to`: the table whose key a required column holds."""

    name: str
    type: str
    points_to: str | None


class WordCount(TypedDict):
    """`status` is ours, or the word itself where nobody has mapped it."""

    word: str
    status: str
    n: int


class Mapped(TypedDict):
    """mapping       columns, statuses, left_out, provider, runway, fixed: as in supabase/migrations
    columns       all that the table has; without `points_to`
    words         the app's, with what they mean, the commonest first
    others        rows by another provider
    left_out      rows that are marked as gone
    required      columns that a new row needs and nobody gives
    row_security  whether rows are hidden from this role
    """

    relation: str
    mapping: dict[str, Any]
    columns: list[TableColumn]
    words: list[WordCount]
    others: dict[str, int]
    left_out: int
    required: list[TableColumn]
    row_security: bool


class Unmapped(NamedTuple):
    """A status word that nobody has mapped; `guess` is what its rows suggest."""

    word: str
    rows: int
    guess: str | None


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

    changes   words {the app's: our status, or `unmapped`}; columns {ours: the app's}, left_out, provider,
              runway and fixed each as a whole

    Raises BadInput with everything that cannot be used.
    """
    return list(db.call("dailies_remap", p_changes=dict(changes), p_operator=operator)[0]["missing"])
