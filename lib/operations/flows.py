"""Keeping flows in the database, where every process finds them."""

from __future__ import annotations

from typing import Any

from lib.app import App
from lib.data import flows
from lib.domain.flow import Flow
from lib.traces.flows import flow_of


def save_flow(app: App, content: Any) -> Flow:
    """Replaces the flow of the same key. Raises BadInput naming everything that is wrong with it,
    DatabaseError."""
    flow = flow_of(content, "This")
    flows.save_flow(app.db, content, app.operator)
    app.kept_flows.forget()
    return flow


def remove_flow(app: App, key: str) -> None:
    """Of the database; a file's flow of that key counts again. Raises NotFound, DatabaseError."""
    flows.remove_flow(app.db, key, app.operator)
    app.kept_flows.forget()
