"""Buttons that change or spend something: off, with the reason, for whoever may not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from lib.domain.access import Role
from lib.ui.kit.dashboard import visitor
from lib.ui.kit.notices import narrated


def why_not() -> str | None:
    """Why the person of this page may not act; None where they may."""
    person = visitor()
    return person.reason if person.role < Role.OPERATOR else None


def act(
    label: str,
    *,
    disabled: bool = False,
    help: str | None = None,
    on_click: Callable[..., object] | None = None,
    **look: Any,
) -> bool:
    """`st.button`, for what takes an operator. A click of somebody who may not any more is told why."""
    why = why_not()

    def clicked(*args: Any) -> None:
        if on_click is not None:
            with narrated():
                on_click(*args)

    return st.button(label, disabled=disabled or why is not None, help=why or help, on_click=clicked, **look)
