"""What was generated, to look at side by side."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import streamlit as st

from lib.data.videos import VideoRow
from lib.ui.kit.format import age, exact, short_id
from lib.ui.kit.player import copied_output, may_be_played, play
from lib.ui.kit.router import link

MOST = 12
_ACROSS = 4


def gallery(rows: Sequence[VideoRow], now: datetime) -> int:
    """Plays the first of them whose output may be shown without asking; how many those are."""
    shown = 0
    columns = st.columns(_ACROSS, gap="small")
    for row in rows:
        if shown == MOST:
            break
        with columns[shown % _ACROSS]:
            shown += _one(row, now)
    return shown


def _one(row: VideoRow, now: datetime) -> bool:
    copied = copied_output(row["runway_video_id"])
    if copied:
        st.video(copied[0], alt="The generated video")
    elif not (may_be_played(row["video_url"]) and play(row["video_url"])):
        return False
    label = f"`{short_id(row['id'])}` · {age(row['created_at'], now)}"
    link("video", label, {"id": row["id"]}, icon=None, help=f"Created {exact(row['created_at'])}")
    return True
