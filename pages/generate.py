"""Make a sample video now; what it costs is said before."""

import streamlit as st

from lib.ui.kit.dashboard import running_app
from lib.ui.kit.frame import begin
from lib.ui.views.generate import account, ask, confirm_button, earlier, image, progress, several, variation

frame = begin("Generate")
left, right = st.columns([3, 2], gap="medium")
variation()
with left:
    picture = image()
    request = ask(picture, running_app().settings.runway_model)
with right:
    progress(frame)
    balance = account()
    confirm_button(request, balance)
several(frame)
earlier(frame)
