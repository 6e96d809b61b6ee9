"""What can be done to a task besides repairing its video: cancel it, get fresh addresses of its output."""

from __future__ import annotations

from functools import partial

import streamlit as st

from lib.data.videos import VideoDetails
from lib.domain.task import Task, TaskStatus
from lib.domain.video import Video
from lib.operations.cancel import cancel
from lib.operations.paid_call import Tools
from lib.operations.repairs import Kind, Repaired, carry_out
from lib.ui.views.repair import start_work, tools


def task_actions(row: VideoDetails) -> None:
    video = Video.from_row(row["video"])
    if not video.runway_video_id:
        return
    if video.status == "succeeded":
        st.button(
            "Fresh address (free)",
            icon=":material/link:",
            key="refresh-output",
            help="Runway's addresses expire after 24 to 48 hours; a look-up gives new ones.",
            on_click=_refresh,
            args=(video.id,),
        )
    elif _may_run(row) and st.button("Cancel the task …", icon=":material/cancel:", key="cancel"):
        _confirm(video.id, video.runway_video_id)


def _may_run(row: VideoDetails) -> bool:
    """Whether there may be something to cancel: neither the row nor the last look-up knows an end."""
    task = row["task"]
    ended = task is not None and Task.from_row(task).is_terminal
    return not ended and not Video.from_row(row["video"]).is_finished


@st.dialog("Cancel this task?", icon=":material/cancel:", width="medium")
def _confirm(video_id: str, task_id: str) -> None:
    st.code(task_id, language=None)
    st.markdown(
        "Runway refunds a task that has not begun to run; one that runs is paid for either way. "
        "It is looked up first: a finished one is left alone."
    )
    if st.button("Cancel the task", type="primary", key="confirm-cancel", on_click=_cancel, args=(video_id,)):
        st.rerun()


def _cancel(video_id: str) -> None:
    start_work(video_id, partial(_cancelled, tools(), video_id))


def _cancelled(using: Tools, video_id: str) -> Repaired:
    done = cancel(using.db, using.runway, video_id, using.operator)
    return Repaired(done.message, is_done=done.task.status == TaskStatus.CANCELLED)


def _refresh(video_id: str) -> None:
    start_work(video_id, partial(carry_out, tools(), video_id, Kind.LOOK_UP, ""))
