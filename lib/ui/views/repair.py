"""Repairing one video from its page: what would be done, what it costs, one button, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import streamlit as st

from lib.data.videos import VideoDetails
from lib.domain.pricing import MODELS, PROMPT_LIMIT, GenerationRequest, estimate, problems
from lib.operations.paid_call import Tools
from lib.operations.repairs import Kind, Repair, Repaired, carry_out, plan
from lib.operations.retry import Changes
from lib.ui.kit import loaders
from lib.ui.kit.format import ACTION, cause_of, credits_text
from lib.ui.kit.notices import failure
from lib.ui.kit.picture import uploaded_picture
from lib.ui.kit.services import services
from lib.ui.views.risk import risk

_STARTED = "repairs-started"


def repair_panel(row: VideoDetails) -> None:
    """The one action of the verdict, or why there is none."""
    video_id = str(row["video"]["id"])
    if _went_on(video_id):
        return
    repair = plan(services().database, video_id)
    risk(row)
    verdict = row["verdict"] or {}
    action = cause_of(verdict.get("cause")).action
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.markdown(f":material/build: **{ACTION[action]}**", width="content")
        st.text(repair.reason)
    if repair.kind in (Kind.RECOVER, Kind.LOOK_UP):
        label = "Save the task id" if repair.kind is Kind.RECOVER else "Look the task up"
        st.button(f"{label} (free)", type="primary", key="repair", on_click=_start, args=(repair,))
    elif repair.kind is not Kind.LEAVE and st.button(_label(repair), type="primary", key="repair"):
        _confirm(repair)


def _label(repair: Repair) -> str:
    if repair.kind is Kind.OVERRIDE:
        return "Retry in spite of the risk …"
    return "Change the input and retry …" if repair.kind is Kind.CHANGE else "Retry …"


@st.dialog("Retry this video?", icon=":material/replay:", width="medium")
def _confirm(repair: Repair) -> None:
    changed = edited(repair.request)
    cost = estimate(changed.model, changed.duration)
    st.markdown(f"A new attempt spends **{credits_text(cost)}**.")
    typed = _override(repair) if repair.kind is Kind.OVERRIDE else None
    found = problems(changed)
    for problem in found:
        st.text(f"• {problem.text}")
    changes = {k: v for k, v in changed.as_json().items() if v != repair.request.as_json()[k]}
    unchanged = repair.kind is Kind.CHANGE and not changes
    if unchanged and not found:
        st.caption("With the same input it would fail again: change something first.")
    refused = bool(found) or unchanged or (repair.kind is Kind.OVERRIDE and typed != repair.decision.override)
    if st.button(
        "Retry now",
        type="primary",
        key="confirm-retry",
        disabled=refused,
        on_click=_start,
        args=(repair, changes, typed),
    ):
        st.rerun()


def edited(request: GenerationRequest) -> GenerationRequest:
    """The request of the last attempt, to be changed where that helps."""
    prompt = st.text_area("Prompt", request.prompt, max_chars=PROMPT_LIMIT, height=80, key="retry-prompt")
    image = _edited_image(request.image)
    names = list(MODELS)
    model_column, ratio_column, duration_column = st.columns(3, gap="small")
    start = names.index(request.model) if request.model in names else 0
    model = MODELS[model_column.selectbox("Model", names, index=start, key="retry-model")]
    ratio = ratio_column.selectbox("Ratio", model.ratios, index=_place(model.ratios, request.ratio))
    duration = duration_column.selectbox(
        "Seconds", model.durations, index=_place(model.durations, request.duration)
    )
    return GenerationRequest(image.strip(), (prompt or "").strip(), model.name, ratio, duration)


def _edited_image(image: str) -> str:
    """Another address, or another file; an uploaded one stays until it is replaced."""
    uploaded = image.startswith("data:")
    address = st.text_input(
        "Address of the image",
        "" if uploaded else image,
        placeholder="https://… instead of the uploaded file",
        key="retry-image",
    )
    file = st.file_uploader(
        "Or another file", type=["jpg", "jpeg", "png", "webp"], max_upload_size=16, key="retry-file"
    )
    if file is not None:
        return uploaded_picture(file)
    return address or (image if uploaded else "")


def _place(options: tuple[Any, ...], value: object) -> int:
    return options.index(value) if value in options else 0


def _override(repair: Repair) -> str:
    st.warning(
        "**Nobody knows whether a task exists already.**"
        f" {credits_text(repair.decision.credits_at_risk)} may have been spent; a retry may pay twice.",
        icon=":material/warning:",
    )
    return (
        st.text_input(
            f"Type `{repair.decision.override}`, the video's short id, to accept that", key="retry-override"
        )
        or ""
    )


def _start(repair: Repair, changes: Changes | None = None, override: str | None = None) -> None:
    work = partial(
        carry_out,
        tools(),
        repair.video_id,
        repair.kind,
        repair.decision.key,
        override=override,
        changes=changes,
    )
    start_work(repair.video_id, work)


def tools() -> Tools:
    opened = services()
    return Tools(opened.database, opened.runway, opened.journal, opened.settings.operator)


def start_work(video_id: str, work: Callable[[], Repaired]) -> None:
    """In the background, one a video at a time; the panel shows it and what came of it."""
    services().jobs.start(_job(video_id), work)
    st.session_state[_STARTED] = {*st.session_state.get(_STARTED, ()), video_id}


def _job(video_id: str) -> str:
    return f"repair-{video_id}"


def _went_on(video_id: str) -> bool:
    """Shows a repair that is going on, or what came of the one this session started."""
    jobs, name = services().jobs, _job(video_id)
    if jobs.is_running(name):
        _wait(name)
        return True
    if video_id not in st.session_state.get(_STARTED, ()):
        return False
    if problem := jobs.problem(name):
        failure(problem)
    elif isinstance(done := jobs.result(name), Repaired):
        with st.container(horizontal=True, gap="small"):
            if done.is_done:
                st.badge("done", icon=":material/check:", color="green")
            else:
                st.badge("not repaired", icon=":material/error:", color="red")
            st.text(done.message)
    return False


@st.fragment(run_every=1)
def _wait(name: str) -> None:
    if not services().jobs.is_running(name):
        loaders.forget()
        st.rerun()
    st.markdown(":material/progress_activity: Asking Runway …")
