"""The form of a new video, its cost before, and its way to the end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import uuid4

import streamlit as st

from lib.data.mapping import refused_sample
from lib.data.videos import Filters, VideoDetails
from lib.domain.attempt import Attempt
from lib.domain.pricing import (
    DEFAULT_MODEL,
    MODELS,
    PROMPT_LIMIT,
    VIDEO_MODELS,
    GenerationRequest,
    estimate,
    problems,
)
from lib.domain.task import Task, TaskStatus
from lib.domain.video import Video
from lib.errors import BadInput, NotFound, RunwayError
from lib.operations.generate import enqueue, generate, video_id_of
from lib.operations.poll import poll
from lib.operations.stage_log import DEPLOYMENT
from lib.ui.kit import html, loaders
from lib.ui.kit.acting import act, why_not
from lib.ui.kit.components import section, status_badge
from lib.ui.kit.dashboard import dashboard, running_app
from lib.ui.kit.format import count, credits_text, short_id
from lib.ui.kit.frame import Frame
from lib.ui.kit.gallery import MOST as MOST_SHOWN
from lib.ui.kit.gallery import gallery
from lib.ui.kit.kept import look_again
from lib.ui.kit.listing import video_list
from lib.ui.kit.media import SAMPLES, data_uri, jpeg, uploaded_picture
from lib.ui.kit.notices import empty, failure
from lib.ui.kit.outside import outside_text
from lib.ui.kit.player import player
from lib.ui.kit.router import link
from lib.ui.views.mapping import sample_needs
from lib.ui.views.repair import unknown_attempt

_VARIED = "varied-from"
_QUEUED = "queued-videos"
_RENEWING = "renew-addresses"
DRILLS = {  # fault of the simulator: what it is in production, and what Dailies then says
    "http:401": (
        "The key is refused",
        "Runway answers 401. Dailies: *Key refused*, nothing paid; retry once the key is right.",
    ),
    "http:404": ("The address is wrong", "Runway answers 404. Dailies: *Wrong endpoint*, nothing paid."),
    "http:429": ("Too many requests", "Runway answers 429. Dailies: *Rate limited*, may be retried."),
    "http:500": (
        "Runway has an error",
        "Runway answers 500: nobody knows whether a task exists. A person decides.",
    ),
    "no-credits": ("Out of credits", "Runway refuses for lack of credits. Dailies: *Out of credits*."),
    "drop": (
        "The connection breaks before",
        "No answer and no task, which nobody can know: the outcome is unknown.",
    ),
    "after-drop": (
        "The connection breaks after",
        "A task exists and its id was lost: never paid again by itself.",
    ),
    "malformed": ("Half an answer", "A task exists, its id cannot be read: the outcome is unknown."),
    "no-id": ("An answer without an id", "Dailies: *No task id*. Nobody pays again without a person."),
    "fail:SAFETY.INPUT.TEXT": ("Moderated", "The task fails: *Moderated*. The same input would fail again."),
    "fail:INTERNAL.BAD_OUTPUT": (
        "Generation fails",
        "The task fails at Runway: *Generation failed*. The same input would fail again.",
    ),
    "cancel": ("Somebody cancels", "The task is cancelled: *Cancelled*."),
    "throttle:30": ("No free slot", "The task waits 30 s: *Waiting for a slot*, which is not stuck."),
}
MOST = 20  # at once from the page
SOURCES = {"sample": "Sample image", "address": "Address", "upload": "Upload"}


def variation() -> None:
    """Fills the form, once, with what the video of the address was made from: `?from=ID`."""
    origin = st.query_params.get("from")
    if not origin or st.session_state.get(_VARIED) == origin:
        return
    st.session_state[_VARIED] = origin
    row = _watched(origin)
    if row is None:
        empty("There is no such video", "The form is empty instead.", ":material/search_off:")
        return
    video = Video.from_mapped(row["video"])
    st.session_state["prompt"] = (video.prompt or "")[:PROMPT_LIMIT]
    if video.input_image_url:
        st.session_state["source"], st.session_state["varied-image"] = "varied", video.input_image_url


def image() -> str:
    """The prompt image as Runway takes it, previewed."""
    varied = st.session_state.get("varied-image")
    sources = SOURCES if varied is None else {"varied": "The same image", **SOURCES}
    st.session_state.setdefault("source", "sample")
    source = st.segmented_control(
        "Image",
        list(sources),
        format_func=sources.__getitem__,
        required=True,
        key="source",
        label_visibility="collapsed",
    )
    if source == "varied" and varied:
        if varied.startswith("data:image/"):
            st.image(varied, width=520)
        else:
            st.text(varied)  # another's server is not asked because a row says so
        return str(varied)
    if source == "address":
        return (st.text_input("Address of the image", placeholder="https://…", key="address") or "").strip()
    return _from_upload() if source == "upload" else _from_sample()


def _from_sample() -> str:
    name = st.selectbox(
        "Sample", list(SAMPLES), key="sample", label_visibility="collapsed", on_change=_suggest
    )
    st.image(jpeg(name), alt=name, width=520)
    return data_uri(jpeg(name))


def _suggest() -> None:
    """A prompt that fits the sample."""
    st.session_state["prompt"] = SAMPLES[st.session_state["sample"]][1]


def _from_upload() -> str:
    file = st.file_uploader("Image file", type=["jpg", "jpeg", "png", "webp"], max_upload_size=16, key="file")
    if file is None:
        return ""
    picture = uploaded_picture(file)
    if picture:
        st.image(file, alt="The uploaded image", width=520)
    return picture


def ask(picture: str, default_model: str) -> GenerationRequest:
    st.session_state.setdefault("prompt", next(iter(SAMPLES.values()))[1])
    prompt = st.text_area("Prompt", key="prompt", max_chars=PROMPT_LIMIT, height=92)
    model_column, ratio_column, duration_column = st.columns(3, gap="small")
    start = VIDEO_MODELS.index(default_model if default_model in VIDEO_MODELS else DEFAULT_MODEL)
    model = MODELS[model_column.selectbox("Model", VIDEO_MODELS, index=start, key="model")]
    ratio = ratio_column.selectbox("Ratio", model.ratios, key=f"ratio-{model.name}")
    duration = duration_column.select_slider(
        "Duration in seconds",
        model.durations,
        value=model.default_duration,
        key=f"duration-{model.name}",
    )
    marker = _drill()
    return GenerationRequest(picture, f"{prompt or ''} {marker}".strip(), model.name, ratio, duration)


def _drill() -> str:
    """A marker in the prompt that the simulator obeys; nowhere else can anything be made to fail."""
    settings = running_app().settings
    if settings.runway_kind != "simulator" or settings.database_kind != "embedded":
        return ""
    if not st.toggle("Failure drill", key="drill", help="Only with the simulator: shows what goes wrong."):
        return ""
    fault = st.selectbox(
        "What should go wrong", list(DRILLS), format_func=lambda key: DRILLS[key][0], key="fault"
    )
    st.warning(f"**This is a drill.** {DRILLS[fault][1]}", icon=":material/science:")
    return f"[fault:{fault}]"


@st.cache_data(ttl=30, max_entries=2, show_spinner="Asking Runway for the balance …")
def _balance() -> int:
    return running_app().runway.organization().credit_balance


def account() -> int | None:
    """The credits before; None when Runway does not say, or nothing can be generated at all."""
    section("Cost")
    app = running_app()
    if app.client is None:
        st.warning("**Nothing can be generated here**", icon=":material/key_off:")
        st.text(app.no_runway or "Runway has not been opened.")
        link("environment", "Check the environment")
        return None
    if app.settings.runway_kind == "simulator":
        st.caption("The Runway simulator is in use: its credits are play money.")
    try:
        return _balance()
    except RunwayError as error:
        failure(error)
        return None


def confirm_button(request: GenerationRequest, balance: int | None) -> None:
    """What it costs, what stands in its way, and the way on."""
    number = int(st.number_input("How many", 1, MOST, 1, key="number", help="Each is another variation."))
    each = estimate(request.model, request.duration)
    cost = None if each is None else each * number
    what = "This video" if number == 1 else f"These {number} videos"
    shown = {what: credits_text(cost), "Balance": credits_text(balance)}
    if balance is not None and cost is not None:
        shown["Balance afterwards"] = credits_text(balance - cost)
    st.table(shown, border="horizontal", alt="Cost and balance")
    found = problems(request)
    for problem in found:
        st.text(f"• {problem.text}")
    short = balance is not None and cost is not None and balance < cost
    if short:
        st.warning("The balance does not cover this video.", icon=":material/account_balance_wallet:")
    impossible = sample_needs() or bool(found) or short or running_app().client is None
    look: dict[str, Any] = {"type": "primary", "icon": ":material/movie:", "key": "generate"}
    if number == 1 and running_app().settings.runway_kind == "simulator":  # play money asks nobody twice
        args = (request, number, uuid4().hex)
        act("Generate", disabled=impossible or _is_under_way(), on_click=_start, args=args, **look)
    elif act("Generate …", disabled=impossible, **look):
        _confirm(request, number, cost, uuid4().hex)


def _is_under_way() -> bool:
    """The video of the address is being made: a second click means the first."""
    video_id = st.query_params.get("video", "")
    row = _watched(video_id)
    if row is None:
        return dashboard().jobs.is_running(_job(video_id))
    return not Video.from_mapped(row["video"]).is_finished


@st.dialog("Generate?", icon=":material/movie:")
def _confirm(request: GenerationRequest, number: int, cost: int | None, key: str) -> None:
    """`key` is made once per dialog: every click in it means the same videos."""
    st.markdown(
        f"**{credits_text(cost)}** will be spent for {count(number, 'video')}:"
        f" {request.model}, {request.ratio.replace(':', ' × ')},"
        f" {request.duration}\N{NO-BREAK SPACE}s."
    )
    outside_text(request.prompt or "without a prompt")
    st.caption("One call is made for each, whatever happens: a second click does not pay again.")
    refused = _refused(key)
    if refused:
        st.error("**Your table would not take the row**, so nothing is paid for.", icon=":material/block:")
        st.text(refused)
    if act(
        "Generate now",
        type="primary",
        disabled=refused is not None,
        key="confirm-generate",
        on_click=_start,
        args=(request, number, key),
    ):
        st.rerun()


@st.cache_data(ttl=300, max_entries=16, show_spinner="Trying whether the row would be taken …")
def _refused(key: str) -> str | None:  # noqa: ARG001 - once for each dialog
    """What the app's table refuses of a new row: tried and undone, for whoever may act."""
    return None if why_not() else refused_sample(running_app().db)


def _start(request: GenerationRequest, number: int, key: str) -> None:
    app = running_app()
    if number > 1:
        ids = enqueue(app, [request] * number, key=key)
        st.session_state[_QUEUED] = tuple(ids)
        loaders.changed()
        return
    dashboard().jobs.start(_job(video_id_of(key)), partial(generate, app, request, key=key))
    st.query_params["video"] = video_id_of(key)


def _job(video_id: str) -> str:
    return f"generate-{video_id}"


def _another() -> None:
    st.query_params.pop("video", None)


def progress(frame: Frame) -> None:
    """The video of the address, wherever its page was reloaded."""
    video_id = st.query_params.get("video")
    if not video_id:
        return
    with st.container(border=True, key="progress"):
        section("Your video")
        starting = dashboard().jobs.is_known(_job(video_id))  # asked before the row, which may come meanwhile
        row = _watched(video_id)
        if row is None and not starting:
            empty("There is no such video", "The address may be incomplete.", ":material/search_off:")
            st.button("Make one", icon=":material/add:", type="tertiary", on_click=_another)
            return
        if row is not None and Video.from_mapped(row["video"]).is_finished:
            _finished(row, frame.now)
        else:
            _running(video_id, known=row is not None)
        with st.container(horizontal=True, vertical_alignment="center"):
            if row is not None:
                link("video", f"Open `{short_id(video_id)}`", {"id": video_id}, icon=":material/movie_info:")
            st.button("Make another", icon=":material/add:", type="tertiary", on_click=_another)


def several(frame: Frame) -> None:
    """The videos that were queued last in this session; the workers make them."""
    if ids := st.session_state.get(_QUEUED):
        section(f"Your {len(ids)} videos", "The workers make each as soon as Runway has a free slot.")
        video_list(loaders.videos(None, Filters(ids=ids)), frame.now, ("video", "created", "status", "error"))
        look_again(10)


def earlier(frame: Frame) -> None:
    """What was made with Dailies before, as far as it can still be shown."""
    done = Filters(deployment=DEPLOYMENT, statuses=("succeeded",))
    rows = loaders.videos(None, done, limit=2 * MOST_SHOWN)
    if not rows:
        return
    section("Made with Dailies before", "Runway's addresses expire after 24 to 48 hours.")
    if gallery(rows, frame.now):
        return
    if dashboard().jobs.is_running(_RENEWING):
        _wait_for_addresses()
        return
    st.caption("Their addresses have expired. A look-up gives new ones, as long as Runway keeps the files.")
    ids = tuple(row["id"] for row in rows[:MOST_SHOWN])
    act("Fresh addresses (free)", icon=":material/link:", key="renew", on_click=_renew, args=(ids,))


def _renew(ids: Sequence[str]) -> None:
    app = running_app()

    def work() -> None:
        for video_id in ids:
            poll(app, video_id)
        loaders.forget()

    dashboard().jobs.start(_RENEWING, work)


@st.fragment(run_every=1)
def _wait_for_addresses() -> None:
    if not dashboard().jobs.is_running(_RENEWING):
        st.rerun()
    st.markdown(":material/progress_activity: Asking Runway …")


def _watched(video_id: str) -> VideoDetails | None:
    """None as long as the row is not there."""
    try:
        return loaders.video(video_id)
    except (NotFound, BadInput):  # an address may hold anything
        return None


@st.fragment(run_every=1.5)
def _running(video_id: str, *, known: bool) -> None:
    """`known`: the page has a link to its row already."""
    if problem := dashboard().jobs.problem(_job(video_id)):
        failure(problem)
        return
    row = _watched(video_id)
    if row is not None and (not known or Video.from_mapped(row["video"]).is_finished):
        st.rerun()
    if row is not None and (attempt := unknown_attempt(row)):
        _outcome_unknown(attempt)
        return
    done, said = how_far(row)
    st.progress(done, text=f"{said} …")
    st.caption("You may leave or reload this page: the address leads back here.")


def _outcome_unknown(attempt: Attempt) -> None:
    st.warning(
        f"**Nobody knows whether a task exists.** {credits_text(attempt.credits)} may have been spent.",
        icon=":material/warning:",
    )
    outside_text(attempt.reason or "")
    st.caption("It is not tried again by itself. The video's page says what would decide it.")


def how_far(row: VideoDetails | None) -> tuple[float, str]:
    """Share of the way and the step, in words."""
    if row is None:
        return 0.02, "Saving the row"
    task = row["task"]
    if task is None:
        return (0.15, "The task exists") if row["video"].get("runway_video_id") else (0.08, "Calling Runway")
    state = Task.from_row(task)
    if state.status == TaskStatus.RUNNING:
        return 0.25 + 0.7 * (state.progress or 0), f"Runway is at {100 * (state.progress or 0):.0f}%"
    if state.status == TaskStatus.THROTTLED:
        return 0.2, "Waiting for one of the organization's slots"
    return 0.2, "Waiting at Runway"


def _finished(row: VideoDetails, now: datetime) -> None:
    video = Video.from_mapped(row["video"])
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        status_badge(video.status)
        took = video.updated_at or datetime.now(UTC)
        html.said(html.time(video.created_at, now), f"took {(took - video.created_at).total_seconds():.0f} s")
    if not player(video.video_url) and video.error_message:
        outside_text(video.error_message)
