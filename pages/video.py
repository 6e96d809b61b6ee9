"""Why is this video stuck, which log stage is missing, and what do I do?"""

import streamlit as st

from lib.ui.kit.frame import begin
from lib.ui.views.repair import task_actions
from lib.ui.views.video import chosen_video, details, facts, follow, preview, stages, verdict

frame = begin("Video")
video_id = chosen_video()
row = follow(video_id, frame.now)

verdict(row, frame.now)
left, right = st.columns([3, 2], gap="medium")
with left:
    stages(row, frame.now)
with right:
    preview(row, frame.now)
    facts(row)
    task_actions(row)
details(video_id, row, frame.now)
