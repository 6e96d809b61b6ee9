"""The address of a page says everything that was chosen on it: reload, Back, Forward and a shared link show
the same again.

Before a widget is drawn it is set to what the address says, and whoever changes it changes the address.
Streamlit's own `bind="query-params"` is not used: it forgets what was bound on the way to another page, and
lets nobody write two parameters in one step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import streamlit as st

Query = Mapping[str, Sequence[str]]
Write = Callable[[Any], Iterable[str]]
T = TypeVar("T")
PAGE = "after"  # which page of a list
_WIDGETS = "address-widgets"  # of the page that was drawn last: key -> (parameter, how its value is written)


def begin() -> None:
    """A page begins: the widgets of the one before have nothing to say any more."""
    st.session_state[_WIDGETS] = {}


def query() -> dict[str, list[str]]:
    """All of it, each parameter with all its values."""
    return {name: st.query_params.get_all(name) for name in st.query_params}


def one(name: str, options: Mapping[str, str]) -> str:
    """The option that a parameter names, else the first. `options`: what stands in the address -> label."""
    return next(iter(several(name, options)), next(iter(options)))


def several(name: str, options: Mapping[str, str]) -> list[str]:
    """The options that a parameter names, in its order; by hand, people write labels."""
    labels = {label.casefold(): key for key, label in options.items()}
    given = (value if value in options else labels.get(value.casefold()) for value in query().get(name, ()))
    return [key for key in dict.fromkeys(given) if key is not None]


def widget(name: str, value: T, write: Write, *, key: str | None = None) -> dict[str, Any]:
    """Arguments of a widget that shows `value`, as read from the address, and writes the parameter `name`.

    `write` gives the values to write; an empty one takes the parameter out of the address.
    """
    key = key or name
    if key not in st.session_state or st.session_state[key] != value:
        st.session_state[key] = value
    st.session_state.setdefault(_WIDGETS, {})[key] = (name, write)
    return {"key": key, "on_change": _write_all}


def _write_all() -> None:
    """Of all widgets: the browser may not have heard yet of the address that the one before has written."""
    written = {
        name: list(write(st.session_state[key]))
        for key, (name, write) in st.session_state[_WIDGETS].items()
        if key in st.session_state
    }
    put(written)


def put(changed: Query) -> None:
    """Changes parameters of the address, in one step; an empty list takes one out. What is shown anew is
    shown from its first page."""
    after = {name: list(values) for name, values in {**query(), PAGE: (), **changed}.items() if values}
    if after != query():
        st.query_params.from_dict(after)


def segments(label: str, name: str, options: Mapping[str, str]) -> str:
    """A choice of one of a few; the first one is the default."""
    chosen, default = one(name, options), next(iter(options))
    st.segmented_control(
        label,
        list(options),
        format_func=options.__getitem__,
        required=True,
        label_visibility="collapsed",
        **widget(name, chosen, lambda value: [value] if value and value != default else []),
    )
    return chosen


def many(label: str, name: str, options: Mapping[str, str], **more: Any) -> tuple[str, ...]:
    """A choice of any number of many."""
    chosen = several(name, options)
    st.multiselect(
        label,
        list(options),
        format_func=options.__getitem__,
        label_visibility="collapsed",
        **widget(name, chosen, lambda values: values),
        **more,
    )
    return tuple(chosen)


def choice(label: str, name: str, options: Sequence[str], **more: Any) -> str | None:
    """A choice of one of many, or none. A value of the address that is no option becomes one: it is shown."""
    chosen = st.query_params.get(name) or None
    shown = [*options, chosen] if chosen and chosen not in options else list(options)
    st.selectbox(
        label,
        shown,
        placeholder=label,
        label_visibility="collapsed",
        **widget(name, chosen, lambda value: [value] if value else []),
        **more,
    )
    return chosen


def text(label: str, name: str, placeholder: str, **more: Any) -> str:
    """A text that is searched for, without the blanks around it."""
    given = st.query_params.get(name, "")
    st.text_input(
        label,
        placeholder=placeholder,
        icon=":material/search:",
        type="search",
        label_visibility="collapsed",
        **widget(name, given, lambda value: [value.strip()] if value and value.strip() else []),
        **more,
    )
    return given.strip()


def toggle(label: str, name: str, **more: Any) -> bool:
    on = st.query_params.get(name) == "yes"
    st.toggle(label, **widget(name, on, lambda value: ["yes"] if value else []), **more)
    return on
