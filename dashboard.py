"""The server: `python -m lib run`, or `streamlit run dashboard.py`, or `uvicorn dashboard:app`."""

from __future__ import annotations

import gc
import logging
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import streamlit as st
from starlette.middleware import Middleware
from streamlit import config

from lib.app import App
from lib.operations.access import Access, check_sign_in
from lib.settings import ROOT, load_settings
from lib.ui.kit.dashboard import Dashboard, process_app, provide
from lib.ui.kit.identity import claims_of, streamlit_secrets, ways_in
from lib.ui.kit.notices import tell
from lib.ui.kit.router import PAGES, SHOWN
from lib.ui.kit.uploads import held_bytes
from lib.ui.startup import Startup, warm_imports
from lib.web.built import Built, Packed, streamlit_folder
from lib.web.gate import Gate
from lib.web.limits import Limits
from lib.web.middleware import Guard
from lib.web.nested import Nested
from lib.web.outgoing import Outgoing, keep_from_logs
from lib.web.own_script import OwnScript
from lib.web.routes import routes

logger = logging.getLogger("dailies")
settings = load_settings()
keep_from_logs()
check_sign_in(settings)
built = Built(streamlit_folder(), SHOWN)
access = Access(settings, config.get_option("server.address"))


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    """Opens everything in the background: the first page says what is going on meanwhile."""
    for said in (access.said, *settings.left_out):
        logger.warning("%s", said)
    opening = Dashboard(App(settings, operator=settings.operator), access=access, preparing="Starting")
    provide(opening)
    host = config.get_option("server.address")
    local = "localhost" if host in (None, "127.0.0.1", "0.0.0.0") else host  # noqa: S104
    startup = Startup(opening, f"http://{local}:{config.get_option('server.port')}")
    startup.start()
    threading.Thread(target=built.pack, name="dailies-pack", daemon=True).start()
    await anyio.to_thread.run_sync(warm_imports)
    gc.collect()
    gc.freeze()  # a collection otherwise walks through every imported module
    yield
    await anyio.to_thread.run_sync(startup.stop)


app = st.App(
    ROOT / "lib" / "ui" / "main.py",
    secrets=streamlit_secrets(settings),
    lifespan=lifespan,
    routes=routes(process_app),
    middleware=[
        Middleware(Guard, access),
        Middleware(Outgoing),
        Middleware(Limits, held_bytes),
        Middleware(
            Gate,
            access,
            claims_of,
            lambda: ways_in(settings),
            is_https=(settings.address or "").startswith("https:"),
        ),
        Middleware(Nested, [name for name, *_ in PAGES], config.get_option("server.baseUrlPath") or ""),
        Middleware(OwnScript, built.links),
        Middleware(Packed, built),
    ],
    on_script_error=tell,
)
