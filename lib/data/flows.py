"""Flows that a team keeps in its database."""

from __future__ import annotations

from typing import Any, NamedTuple

from lib.data.database import Database


class StoredFlow(NamedTuple):
    """`content` is that of a flow's file, as somebody saved it: it is looked at before it is used."""

    key: str
    content: dict[str, Any]
    operator: str
    saved_at: str


def stored_flows(db: Database) -> list[StoredFlow]:
    """By key."""
    return [StoredFlow(**row) for row in db.call("dailies_flows")]


def save_flow(db: Database, content: dict[str, Any], operator: str) -> None:
    """The same key again replaces it. Audited; what rests on flows is judged again."""
    db.call("dailies_save_flow", p_key=content["flow"], p_operator=operator, p_content=content)


def remove_flow(db: Database, key: str, operator: str) -> None:
    """Raises NotFound."""
    db.call("dailies_save_flow", p_key=key, p_operator=operator)
