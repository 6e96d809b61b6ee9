"""What the app calls things: status words that nobody has mapped, and the mapping to correct."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from lib.data.mapping import Mapped, Need, choices, remap
from lib.domain.mapping import UNMAPPED
from lib.domain.video import STATUSES
from lib.ui.kit import loaders
from lib.ui.kit.acting import act, why_not
from lib.ui.kit.components import section
from lib.ui.kit.dashboard import running_app
from lib.ui.kit.format import count, plain
from lib.ui.kit.notices import narrated

_COLUMNS = (
    *("status", "created_at", "updated_at", "prompt"),
    *("input_image_url", "runway_video_id", "video_url", "error_message"),
)
_NEEDED = 2  # the first of them
_MOST = 8  # words with a line of their own
_LACKS = "mapping-lacks"


def unmapped_words() -> None:
    """Each with its count, and one click that gives it the meaning which its rows suggest."""
    words = loaders.unmapped()
    if not words:
        return
    rows = sum(each.rows for each in words)
    with st.container(border=True, gap="small", key="unmapped"):
        st.warning(
            f"**{count(rows, 'video')} with a status that nobody has mapped**: counted as what it is, neither"
            " stuck nor unfinished.",
            icon=":material/translate:",
        )
        for each in words[:_MOST]:
            _unmapped(each.word, each.rows, each.guess)
        if len(words) > _MOST:
            st.caption(f"{len(words) - _MOST} more words stand on the page Environment.")


def _unmapped(word: str, rows: int, guess: str | None) -> None:
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        meaning = _meaning(word, rows, STATUSES, guess, key=f"means-{word}")
        act(
            f"Map it as {meaning}" if meaning else "Choose what it means",
            disabled=meaning is None,
            key=f"map-{word}",
            on_click=_change,
            args=({"words": {word: meaning}},),
        )


def _meaning(word: str, rows: int, options: Sequence[str], now: str | None, *, key: str) -> str | None:
    """A word of the app's with its rows, and the choice of what it means."""
    st.text(f"{word[:60]}: {count(rows, 'video')}", width=260)
    return st.selectbox(
        f"Meaning of {plain(word[:60])}",
        options,
        index=options.index(now) if now in options else None,
        placeholder="means …",
        key=key,
        label_visibility="collapsed",
        width=160,
    )


@st.fragment
def mapping_form() -> None:
    """All of the mapping but table and key: those take a migration. An error in a fragment that nobody told
    inside would end the page, with all that stands below."""
    with narrated():
        _whole_form()


def _whole_form() -> None:
    found = loaders.mapped()
    form = st.expander(
        "How the app's table is mapped", icon=":material/table:", key="mapping", on_change="rerun"
    )
    if not form.open:  # it has some thirty fields
        return
    with form:
        st.text(f"The videos are in {found['relation']}.")
        st.caption(
            "Another table or key: `python -m lib map --table NAME --out map.toml`, then `--apply map.toml`."
            " In a large table `python -m lib migrate` has the oldest videos judged anew as well."
        )
        changes = {**_columns(found), **_words(found), **_set_apart(found), **_fixed(found)}
        if act("Apply", type="primary", disabled=not changes, key="remap"):
            _apply(changes)
        if lacks := st.session_state.get(_LACKS):
            st.warning("**`python -m lib migrate` adds what the table lacks now.**", icon=":material/build:")
            st.text(", ".join(lacks))


def _columns(found: Mapped) -> dict[str, Any]:
    section("Columns", "What Dailies calls it, and which of your columns it is.")
    names, now = [column["name"] for column in found["columns"]], found["mapping"]["columns"]
    chosen = {name: theirs for name, theirs in now.items() if name not in _COLUMNS}
    for place, (ours, cell) in enumerate(zip(_COLUMNS, st.columns(2) * 4, strict=True)):
        options = names if place < _NEEDED else ["", *names]
        theirs = cell.selectbox(
            f"`{ours}`",
            options,
            index=options.index(now.get(ours, "")) if now.get(ours, "") in options else 0,
            format_func=lambda name: name or "– none –",
            key=f"column-{ours}-{now.get(ours)}",
        )
        if theirs:
            chosen[ours] = theirs
    return {} if chosen == now else {"columns": chosen}


def _words(found: Mapped) -> dict[str, Any]:
    section("Status words", "Yours, the commonest first, and what each means.")
    guesses = {each.word: each.guess for each in loaders.unmapped()}
    options, changed = [*STATUSES, UNMAPPED], {}
    for word, status, rows in ((each["word"], each["status"], each["n"]) for each in found["words"]):
        now = status if status in STATUSES else UNMAPPED
        guess = guesses.get(word)
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            meaning = _meaning(word, rows, options, now, key=f"word-{word}-{now}")
            if guess:
                st.caption(f"Its rows suggest *{guess}*.", width="content")
        if meaning != now:
            changed[word] = meaning
    return {"words": changed} if changed else {}


def _set_apart(found: Mapped) -> dict[str, Any]:
    section(
        "Not judged",
        "Rows that are gone, and those of others. One without a provider is Runway's.",
    )
    now, names = found["mapping"], [column["name"] for column in found["columns"]]
    gone, by, ours = st.columns(3, gap="small")
    left_out = gone.multiselect(
        "Gone where this is set", names, [n for n in now["left_out"] if n in names], key="left-out"
    )
    place = names.index(now["provider"]) if now["provider"] in names else None
    provider = by.selectbox("Who makes the video", names, place, key="provider")
    runway = ours.multiselect(
        "Which of its values are Runway",
        sorted({*now["runway"], *found["others"]}),
        now["runway"],
        accept_new_options=True,
        disabled=provider is None,
        key="runway-values",
    )
    chosen = {"left_out": left_out, "provider": provider, "runway": runway}
    return {name: value for name, value in chosen.items() if value != now[name]}


def _fixed(found: Mapped) -> dict[str, Any]:
    section("New rows", "What else Dailies writes into a row that it makes. An empty field: nothing.")
    now, names = found["mapping"]["fixed"], [column["name"] for column in found["columns"]]
    types = {column["name"]: column["type"] for column in found["columns"]}
    more = st.multiselect("Columns", names, list(now), key="fixed-columns")
    given = {name: st.text_input(plain(name), _written(now.get(name)), key=f"fixed-{name}") for name in more}
    values = {name: _value(text, types[name]) for name, text in given.items() if text}
    changed = {name: value for name, value in values.items() if value != now.get(name)}
    changed |= {name: None for name in now if name not in values}
    return {"fixed": changed} if changed else {}


def _written(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)


def _value(text: str, of_type: str) -> Any:
    """As Postgres takes it: lists and JSON as what they are, the rest as text."""
    if not of_type.endswith("[]") and of_type not in ("json", "jsonb"):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def sample_needs() -> bool:
    """What a new row needs and nobody gives, with a way to give it; whether there is anything of it."""
    needs = loaders.needs()
    if not needs:
        return False
    with st.container(border=True, gap="small", key="needs"):
        st.warning(
            "**A new row needs what only you know.** Nothing can be generated before.",
            icon=":material/edit_note:",
        )
        given = {need["name"]: _asked(need) for need in needs}
        types = {need["name"]: need["type"] for need in needs}
        fixed = {name: _value(text, types[name]) for name, text in given.items() if text}
        complete = len(fixed) == len(needs)
        if act("Keep for every sample", type="primary", disabled=not complete, key="keep-fixed"):
            _apply({"fixed": fixed})
    return True


def _asked(need: Need) -> str | None:
    name, label = need["name"], f"{plain(need['name'])} ({plain(need['type'])})"
    if options := need["labels"] or (["true", "false"] if need["type"] == "boolean" else None):
        return st.selectbox(label, options, index=None, placeholder="Choose one", key=f"need-{name}")
    if need["points_to"] is None or why_not():
        return st.text_input(label, key=f"need-{name}") or None
    text = st.text_input(f"{label}: find a row of {plain(need['points_to'])}", key=f"find-{name}")
    found = choices(running_app().db, name, text or "")
    values = {f"{each.label or 'without a name'} · {each.value}": each.value for each in found}
    where = f"A row of {plain(need['points_to'])}"
    chosen = st.selectbox(where, list(values), index=None, placeholder="Choose one", key=f"need-{name}")
    return values[chosen] if chosen else None


def _apply(changes: Mapping[str, Any]) -> None:
    """Says what is wrong with them where they were made."""
    with narrated() as told:
        _change(changes)
    if told.error is None:
        st.rerun()


def _change(changes: Mapping[str, Any]) -> None:
    app = running_app()
    st.session_state[_LACKS] = remap(app.db, changes, app.operator)
    loaders.changed()
