"""Lists that people come back to, by name: shared by all who look at this database."""

from __future__ import annotations

from typing import NamedTuple

from lib.data.database import Database
from lib.errors import BadInput

LONGEST_NAME = 60
LONGEST_QUERY = 2000


class View(NamedTuple):
    """`query` is what stands behind the `?` in the address of the list."""

    name: str
    query: str
    operator: str


def all_views(db: Database) -> list[View]:
    """By name; at most 100."""
    return [View(**row) for row in db.call("dailies_views")]


def save_view(db: Database, view: View) -> None:
    """The same name again is the same view, changed. Raises BadInput for one that is too long."""
    if not 1 <= len(view.name) <= LONGEST_NAME or len(view.query) > LONGEST_QUERY:
        raise BadInput(
            f"A view needs a name of at most {LONGEST_NAME} characters, and fewer filters than these."
        )
    db.call("dailies_save_view", p_name=view.name, p_query=view.query, p_operator=view.operator)


def delete_view(db: Database, name: str, operator: str) -> None:
    db.call("dailies_save_view", p_name=name, p_operator=operator)
