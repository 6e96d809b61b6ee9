"""Is generation healthy right now, and what does it cost?"""

import streamlit as st

from lib.ui.kit import loaders
from lib.ui.kit.frame import begin
from lib.ui.kit.kept import look_again
from lib.ui.views.alerts import alert_list
from lib.ui.views.first_steps import first_steps
from lib.ui.views.headline import say
from lib.ui.views.mapping import unmapped_words
from lib.ui.views.overview import (
    chart_row,
    incident_list,
    metrics,
    problems,
    rate_and_cost,
    trouble_list,
)

frame = begin("Overview", window=True)
data = loaders.overview(frame.window)
incidents = loaders.incidents(frame.window, 8)

problems()
say(data, frame)
unmapped_words()
alert_list(loaders.alerts(), frame.now)
if first_steps(data):
    st.stop()
metrics(data, frame)
chart_row(data, frame)
rate_and_cost(data, frame)
left, right = st.columns(2, gap="medium")
with left:
    trouble_list(data, frame)
with right:
    incident_list(incidents, frame)
look_again(5 if data["freshness"]["dirty"] else 30)
