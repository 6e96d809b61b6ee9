"""Repairing one video from its page: what would be done, what it costs, one button, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import streamlit as st

from lib.data.videos import VideoDetails
from lib.domain.account import Hint
from lib.domain.asked import NO_CHANGES, Changes
from lib.domain.attempt import Attempt, AttemptState
from lib.domain.cause import Action
from lib.domain.pricing import MODELS, PROMPT_LIMIT, GenerationRequest, estimate, problems
from lib.domain.repair import FREE, Repair
from lib.domain.task import Task, TaskStatus
from lib.domain.video import Video
from lib.operations.account import look_now
from lib.operations.cancel import cancel
from lib.operations.recover import recover
from lib.operations.repair import Agreed, Repaired, carry_out, plan
from lib.ui.kit import loaders
from lib.ui.kit.acting import act
from lib.ui.kit.dashboard import dashboard, running_app
from lib.ui.kit.format import ACTION, cause_of, credits_text, plain
from lib.ui.kit.media import uploaded_picture
from lib.ui.kit.notices import failure, narrated
from lib.ui.kit.outside import outside_text

_STARTED = "repairs-started"
_HINT = {
    Hint.CREATED: ":material/paid:",
    Hint.NOTHING: ":material/money_off:",
    Hint.UNDECIDED: ":material/help:",
}


def repair_panel(row: VideoDetails) -> None:
    """The one thing to do, or why there is none."""
    video_id = str(row["video"]["id"])
    if _went_on(video_id):
        return
    (repair,) = plan(running_app(), [video_id])
    _risk(repair)
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.markdown(f":material/build: **{ACTION[repair.action]}**", width="content")
        outside_text(repair.reason)
    remedy = cause_of((row["verdict"] or {}).get("cause")).remedy
    if remedy and remedy not in repair.reason and repair.action is not Action.NONE:
        st.caption(f"So that it does not happen again: {remedy}")
    if repair.action in FREE:
        label = "Save the task id" if repair.action is Action.RECOVER else "Look the task up"
        act(f"{label} (free)", type="primary", key="repair", on_click=_start, args=(repair,))
    elif repair.pays and act("Retry …", type="primary", key="repair"):
        _confirm(repair)
    elif repair.needs_a_person:
        _candidates(repair)
        if act(_label(repair), key="repair"):
            _confirm(repair)


def _label(repair: Repair) -> str:
    if repair.action is Action.CHANGE_INPUT:
        return "Change the input and retry …"
    return "Retry in spite of the risk …" if repair.override else "Retry …"


def _candidates(repair: Repair) -> None:
    """Tasks of which one may be this video's: each can be saved for nothing."""
    for task_id in repair.task_ids:
        act(
            f"Task {task_id} is this video's: save it (free)",
            key=f"save-{task_id}",
            on_click=_save,
            args=(repair.video_id, task_id),
        )


def _risk(repair: Repair) -> None:
    """What is at risk in an attempt whose outcome nobody knows, and what Runway's account says about it."""
    last, outlook = repair.last, repair.outlook
    if last is None or outlook is None:
        return
    with st.container(border=True, key="risk"):
        st.markdown(
            f"{_HINT[outlook.hint]} **{credits_text(last.credits)} at risk** in attempt {last.number}"
            f" by {plain(last.operator)}"
        )
        st.text(outlook.text)
        if outlook.may_change and act(
            "Read Runway's account again (free)", icon=":material/sync:", key="read-account"
        ):
            with narrated():
                look_now(running_app(), last)
                st.rerun()


def unknown_attempt(row: VideoDetails) -> Attempt | None:
    """The last attempt, when nobody knows whether it created a task."""
    attempts = [Attempt.from_row(each) for each in row.get("attempts") or ()]
    last = max(attempts, key=lambda attempt: attempt.number, default=None)
    return last if last and last.state is AttemptState.UNKNOWN else None


@st.dialog("Retry this video?", icon=":material/replay:", width="medium")
def _confirm(repair: Repair) -> None:
    changed = edited(repair.request)
    cost = estimate(changed.model, changed.duration)
    st.markdown(f"A new attempt spends **{credits_text(cost)}** at most.")
    typed = _override(repair) if repair.override else None
    found = problems(changed)
    for problem in found:
        st.text(f"• {problem.text}")
    changes = {k: v for k, v in changed.as_json().items() if v != repair.request.as_json()[k]}
    unchanged = repair.action is Action.CHANGE_INPUT and not changes
    if unchanged and not found:
        st.caption("With the same input it would fail again: change something first.")
    if act(
        "Retry now",
        type="primary",
        key="confirm-retry",
        disabled=bool(found) or unchanged or typed != repair.override,
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
    model = MODELS[
        model_column.selectbox("Model", names, index=_place(names, request.model), key="retry-model")
    ]
    ratio = _chosen(ratio_column, "Ratio", model.ratios, request.ratio)
    asked = request.duration if model.name == request.model else model.default_duration
    duration = _chosen(duration_column, "Seconds", model.durations, asked)
    video, setting = request.video, ""
    if "video" in model.needs:
        video = st.text_input("Address of the video", video, placeholder="https://…", key="retry-video") or ""
    if model.setting:
        label = model.setting.replace("_", " ").capitalize()
        setting = _chosen(st, label, ("", *model.settings), request.setting)
    return GenerationRequest(
        image.strip(), (prompt or "").strip(), model.name, ratio, duration, video.strip(), setting
    )


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


def _chosen(place: Any, label: str, options: Sequence[Any], value: Any) -> Any:
    """`value` as it is where the model leaves no choice."""
    return place.selectbox(label, options, index=_place(options, value)) if options else value


def _place(options: Sequence[Any], value: object) -> int:
    return options.index(value) if value in options else 0


def _override(repair: Repair) -> str:
    risk = repair.credits_at_risk or repair.credits
    st.warning(
        "**Nobody knows whether a task exists already.**"
        f" {credits_text(risk)} may have been spent; a retry may pay twice.",
        icon=":material/warning:",
    )
    return (
        st.text_input(f"Type `{repair.override}`, the video's short id, to accept that", key="retry-override")
        or ""
    )


def _start(repair: Repair, changes: Changes = NO_CHANGES, override: str | None = None) -> None:
    agreed = Agreed(repair.video_id, repair.action, repair.key, override, changes)
    start_work(repair.video_id, partial(carry_out, running_app(), agreed))


def _save(video_id: str, task_id: str) -> None:
    def work() -> Repaired:
        return Repaired(recover(app, video_id, task_id).message, task_id=task_id)

    app = running_app()
    start_work(video_id, work)


def start_work(video_id: str, work: Callable[[], Repaired]) -> None:
    """In the background, one a video at a time; the panel shows it and what came of it."""
    dashboard().jobs.start(_job(video_id), work)
    st.session_state[_STARTED] = {*st.session_state.get(_STARTED, ()), video_id}


def _job(video_id: str) -> str:
    return f"repair-{video_id}"


def _went_on(video_id: str) -> bool:
    """Shows a repair that is going on, or what came of the one this session started."""
    jobs, name = dashboard().jobs, _job(video_id)
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
            outside_text(done.message)
    return False


@st.fragment(run_every=1)
def _wait(name: str) -> None:
    if not dashboard().jobs.is_running(name):
        loaders.forget()
        st.rerun()
    st.markdown(":material/progress_activity: Asking Runway …")


def task_actions(row: VideoDetails) -> None:
    """What can be done to a task besides repairing its video: cancel it, or renew the output's address."""
    video = Video.from_mapped(row["video"])
    if not video.runway_video_id:
        return
    if video.status == "succeeded":
        act(
            "Fresh address (free)",
            icon=":material/link:",
            key="refresh-output",
            help="Runway's addresses expire after 24 to 48 hours; a look-up gives new ones.",
            on_click=_refresh,
            args=(video.id,),
        )
    elif _may_run(row) and act("Cancel the task …", icon=":material/cancel:", key="cancel"):
        _confirm_cancelling(video.id, video.runway_video_id)


def _may_run(row: VideoDetails) -> bool:
    """Whether there may be something to cancel: neither the row nor the last look-up knows an end."""
    task = row["task"]
    ended = task is not None and Task.from_row(task).is_terminal
    return not ended and not Video.from_mapped(row["video"]).is_finished


@st.dialog("Cancel this task?", icon=":material/cancel:", width="medium")
def _confirm_cancelling(video_id: str, task_id: str) -> None:
    st.code(task_id, language=None)
    st.markdown(
        "Runway refunds a task that has not begun to run; one that runs is paid for either way. "
        "It is looked up first: a finished one is left alone."
    )
    if act("Cancel the task", type="primary", key="confirm-cancel", on_click=_cancel, args=(video_id,)):
        st.rerun()


def _cancel(video_id: str) -> None:
    def work() -> Repaired:
        done = cancel(app, video_id)
        return Repaired(done.message, is_done=done.task.status == TaskStatus.CANCELLED)

    app = running_app()
    start_work(video_id, work)


def _refresh(video_id: str) -> None:
    start_work(video_id, partial(carry_out, running_app(), Agreed(video_id, Action.LOOK_UP, "")))
