"""Is everything configured correctly, and what to do where it is not?"""

import streamlit as st

from lib.ui.environment import all_checks, latest_videos, show_checks, show_variables
from lib.ui.frame import begin

frame = begin("Environment")
show_checks(all_checks(frame.services))
left, right = st.columns([2, 3], gap="medium")
with left:
    show_variables(frame.services.settings)
with right:
    latest_videos(frame.now)
