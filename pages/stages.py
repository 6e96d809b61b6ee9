"""Where do flows die? And the way in for log files."""

import streamlit as st

from lib.ui.kit import loaders
from lib.ui.kit.frame import begin
from lib.ui.views.flow import teach
from lib.ui.views.stages import choose_flow, deaths, matrix, missing_by_deployment, nobodys, times
from lib.ui.views.upload import upload

frame = begin("Stages", window=True)
upload()
teach()
above = st.container()
rows = loaders.funnel(frame.window)
flow = choose_flow(rows, frame)
if flow:
    own = [row for row in rows if row["flow"] == flow]
    stages = [row["stage"] for row in own]
    deaths(own, frame)
    missing_by_deployment(flow, stages, frame)
    times(flow, frame)
    matrix(flow, stages, frame)
with above:  # of a year with a million videos it takes seconds, for which the rest does not wait
    nobodys(frame)
