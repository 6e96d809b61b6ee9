"""Is everything configured correctly, and what to do where it is not?"""

import streamlit as st

from lib.ui.kit.dashboard import dashboard, running_app
from lib.ui.kit.frame import begin
from lib.ui.kit.notices import narrated
from lib.ui.views.environment import check_another, checks, latest_videos, show_variables
from lib.ui.views.mapping import mapping_form, unmapped_words

frame = begin("Environment")
left, right = st.columns([3, 2], gap="medium")
with left:
    check_another()
    checks(frame.now)
    with narrated():
        unmapped_words()
        if dashboard().before is None:
            mapping_form()
with right:
    show_variables(running_app().settings)
latest_videos(frame.now)
