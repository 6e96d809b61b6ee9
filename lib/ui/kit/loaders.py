"""What pages read, cached for a few seconds: many viewers and quick reruns cost the database one query. What
was read last is shown while the database is away."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import streamlit as st

from lib.data import batches as stored_batches
from lib.data import credits
from lib.data import errors as stored_errors
from lib.data import logs as stored_logs
from lib.data import mapping as stored_mapping
from lib.data import overview as health
from lib.data import videos as stored
from lib.data.audit import AuditChoices, AuditRow, names, trail
from lib.data.batches import Batch
from lib.data.credits import Budget, Ledger
from lib.data.decisions import Flagged, flagged
from lib.data.errors import By, ErrorPoint
from lib.data.flows import StoredFlow, stored_flows
from lib.data.logs import FoundLine, NobodysRow, Searched
from lib.data.mapping import Mapped, Need, Unmapped
from lib.data.overview import ErrorGroup, FunnelStage, IncidentDetails, ListedIncident, Overview, Pulse
from lib.data.series import GroupKey
from lib.data.videos import NEWEST, Filters, LogRow, Position, Sort, VideoDetails, VideoRow
from lib.data.views import View, all_views
from lib.domain.alert import Alert
from lib.domain.pasted_id import ids_in
from lib.logs.redact import redact
from lib.operations.alerts import active_alerts
from lib.operations.export import VIDEO_COLUMNS, plain_rows, write
from lib.ui.kit.dashboard import dashboard, running_app
from lib.ui.kit.kept import kept
from lib.ui.kit.window import ALL, Window

_NO_BEGINNING = datetime(1, 1, 1, tzinfo=UTC)


def _span(window: Window) -> tuple[datetime, datetime]:
    return window.span(datetime.now(UTC))


@kept()
def overview(window: Window) -> Overview:
    return health.overview(
        running_app().db, *_span(window), bucket_seconds=window.bucket_seconds, own=window.own
    )


@kept()
def pulse(own: bool) -> Pulse:
    """Of the last hour, which begins on a minute: an address can say it."""
    hour_ago = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(hours=1)
    return health.pulse(running_app().db, hour_ago, own=own)


def freshness() -> dict[str, Any]:
    return overview(Window("1h"))["freshness"]


@kept()
def incidents(window: Window, limit: int = 100) -> list[ListedIncident]:
    return health.incidents(running_app().db, *_span(window), limit=limit, own=window.own)


@kept()
def incident(cause: str, at: datetime, deployment_id: str | None, own: bool) -> IncidentDetails:
    return health.incident(running_app().db, cause, at, deployment_id, own=own)


@kept()
def is_compared(window: Window) -> bool:
    """Whether there is a time before it to compare it to, in which videos were requested."""
    if window.length == ALL:
        return False
    since, _ = _span(window)
    before = Filters(since=since - window.size, until=since, own=window.own)
    return bool(stored.list_videos(running_app().db, before, limit=1))


@kept()
def error_groups(window: Window, limit: int) -> list[ErrorGroup]:
    return health.error_groups(running_app().db, *_span(window), limit=limit, own=window.own)


@kept(max_entries=32)
def errors_by(by: By, window: Window, group: GroupKey | None = None) -> list[ErrorPoint]:
    return stored_errors.errors_by(
        running_app().db,
        by,
        *_span(window),
        bucket_seconds=window.bucket_seconds,
        group=group,
        own=window.own,
    )


@kept()
def funnel(window: Window) -> list[FunnelStage]:
    return health.stage_funnel(running_app().db, *_span(window), own=window.own)


@kept()
def nobodys(window: Window, limit: int) -> list[NobodysRow]:
    return stored_logs.nobodys(running_app().db, *_span(window), limit)


@kept(max_entries=64)
def videos(
    window: Window | None,
    filters: Filters | None = None,
    after: Position | None = None,
    limit: int = 50,
    sort: Sort = NEWEST,
    *,
    counted: bool = False,
) -> list[VideoRow]:
    """Newest first unless sorted otherwise; of all times without a window."""
    chosen = filters or Filters()
    if window:
        chosen = replace(chosen, since=_span(window)[0], until=window.until, own=window.own)
    rows = stored.list_videos(running_app().db, chosen, sort=sort, after=after, counted=counted, limit=limit)
    return [{**row, "error_message": _shown(row["error_message"])} for row in rows]


def _shown(text: str | None) -> str | None:
    """The app writes into its rows what it likes; no secret of it gets onto a page."""
    return redact(text) if text else text


def export(window: Window, filters: Filters, kind: str) -> bytes:
    """All matches as a file of that kind."""
    since, until = _span(window)
    chosen = replace(filters, since=since, until=until, own=window.own)
    rows = stored.every_video(running_app().db, chosen, page=1000)
    return write(VIDEO_COLUMNS, plain_rows(rows), kind)


def stuck_since(since: datetime, own: bool) -> list[VideoRow]:
    """The newest."""
    return videos(None, Filters(trouble="stuck", since=since, own=own), limit=200)


@kept()
def ledger(window: Window) -> Ledger:
    return credits.ledger(running_app().db, *_span(window))


@kept(max_entries=1)
def alerts() -> list[Alert]:
    """What is wrong now; those that are silenced come last."""
    return active_alerts(running_app())


@kept(max_entries=1)
def budget() -> Budget | None:
    """Everybody's; None without one."""
    return credits.budget(running_app().db, credits.EVERYBODY)


def batches() -> list[Batch]:
    """The latest, never cached: people watch them."""
    return stored_batches.latest(running_app().db)


@kept(max_entries=1)
def left_to_people(limit: int) -> list[Flagged]:
    """What the sweep did not do by itself, the latest first."""
    return flagged(running_app().db, limit)


@kept(max_entries=16)
def audit(
    operator: str | None, action: str | None, video_id: str | None, before_id: int | None, limit: int
) -> list[AuditRow]:
    db = running_app().db
    return trail(db, video_id, operator=operator, action=action, before_id=before_id, limit=limit)


@kept(max_entries=1)
def audit_names() -> AuditChoices:
    return names(running_app().db)


def video(video_id: str) -> VideoDetails:
    """Never cached: this is what people watch while they repair."""
    found = stored.get_video(running_app().db, video_id)
    found["video"]["error_message"] = _shown(found["video"].get("error_message"))
    return found


def _span_of_lines(window: Window) -> tuple[datetime, datetime]:
    """Of all time are also the lines from before the first video, where all time of the charts begins."""
    since, until = _span(window)
    return _NO_BEGINNING if window.length == ALL else since, until


@kept()
def log_lines(window: Window, text: str, limit: int) -> list[FoundLine]:
    return stored_logs.search_logs(running_app().db, text, *_span_of_lines(window), limit=limit)


@kept()
def lines_to_read(window: Window) -> Searched:
    return stored_logs.lines_to_read(running_app().db, *_span_of_lines(window))


def video_log(video_id: str) -> list[LogRow]:
    return stored.video_log(running_app().db, video_id, limit=2000)


@kept(max_entries=1)
def unmapped() -> list[Unmapped]:
    """Status words of the app's that nobody has mapped."""
    return stored_mapping.unmapped(running_app().db)


@kept(max_entries=1)
def needs() -> list[Need]:
    """Columns that a new row needs and nobody gives."""
    return stored_mapping.needs(running_app().db)


@kept(max_entries=1)
def mapped() -> Mapped:
    """How the app's table is mapped, and what of it is not judged."""
    return stored_mapping.mapped(running_app().db)


@kept(max_entries=1)
def saved_flows() -> list[StoredFlow]:
    return stored_flows(running_app().db)


@kept()
def views() -> list[View]:
    return all_views(running_app().db)


@kept(max_entries=1)
def search_kind() -> str:
    return stored.search_kind(running_app().db)


def find(text: str) -> list[str]:
    """The videos of the first id in the text that is one, or begins some."""
    found = (stored.find_videos(running_app().db, each) for each in ids_in(text))
    return next(filter(None, found), [])


def forget() -> None:
    """After a change: what was read before is no longer true."""
    st.cache_data.clear()


def changed() -> None:
    """After a change that gives the worker something to do."""
    forget()
    dashboard().wake()
