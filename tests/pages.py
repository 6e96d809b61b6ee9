"""Pages as a browser would get them, without one."""

from __future__ import annotations

import re
import time
from typing import Any

from streamlit.testing.v1 import AppTest

from lib.data.database import Database
from lib.runway.client import RunwayClient
from lib.settings import ROOT
from lib.ui.kit.dashboard import Dashboard, dashboard, provide
from lib.ui.views.environment import JOB as CHECKS
from tests.apps import app_of


def serve(database: Database | None, runway: RunwayClient | None = None, **more: Any) -> Dashboard:
    dashboard = Dashboard(app_of(database, runway), **more)
    provide(dashboard)
    return dashboard


def opened(page: str, **query: str) -> AppTest:
    """The page as a browser would get it, through the entry point."""
    app = AppTest.from_file(str(ROOT / "lib" / "ui" / "main.py"), default_timeout=30)
    app.session_state["opened"] = True  # no browser is waited for
    _address(app, query)
    app.run()
    app.switch_page(f"../../pages/{page}.py")
    _address(app, query)
    app.run()
    assert not app.exception, app.exception[0].message
    while dashboard().jobs.is_running(CHECKS):  # or it would outlive the test's database
        time.sleep(0.01)
    return app


def listed(app: AppTest) -> str:
    """The first list of videos, as HTML."""
    return next(
        str(e.proto.body)
        for e in app.get("html")
        if "dailies-list" in e.proto.body and "<table" in e.proto.body
    )


def figures_of(app: AppTest) -> dict[str, str]:
    """The values of the page's figures, by label."""
    shown = "".join(str(e.proto.body) for e in app.get("html"))
    return dict(re.findall(r"<div><span>([^<]*)</span><b>([^<]*)</b>", shown))


def _address(app: AppTest, query: dict[str, str]) -> None:
    for name, value in query.items():
        app.query_params[name] = value


def text_of(app: AppTest) -> str:
    """Everything a reader could read outside tables and charts."""
    kinds = (app.title, app.header, app.subheader, app.markdown, app.caption, app.text, app.code)
    alerts = (app.error, app.warning, app.info, app.success)
    return "\n".join(str(element.value) for kind in (*kinds, *alerts) for element in kind)
