"""The server: `python -m lib run`, or `streamlit run dashboard.py`, or `uvicorn dashboard:app`."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import streamlit as st
from starlette.middleware import Middleware

from lib.app import App
from lib.settings import ROOT, load_settings
from lib.ui.kit.notices import tell
from lib.ui.kit.services import Services, provide, running_app
from lib.ui.startup import Startup, warm_imports
from lib.web.middleware import Guard
from lib.web.own_script import OwnScript
from lib.web.routes import routes


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    """Opens everything in the background: the first page says what is going on meanwhile."""
    settings = load_settings()
    opening = Services(App(settings, operator=settings.operator), preparing="Starting")
    provide(opening)
    startup = Startup(opening)
    startup.start()
    await anyio.to_thread.run_sync(warm_imports)
    gc.collect()
    gc.freeze()  # a collection otherwise walks through every imported module
    yield
    await anyio.to_thread.run_sync(startup.stop)


app = st.App(
    ROOT / "lib" / "ui" / "main.py",
    lifespan=lifespan,
    routes=routes(running_app),
    middleware=[Middleware(Guard), Middleware(OwnScript)],
    on_script_error=tell,
)
