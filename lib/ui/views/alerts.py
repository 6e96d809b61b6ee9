"""Alerts, for whoever is on call: what is wrong now, since when, and what to do. The window plays no part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import streamlit as st

from lib.domain.alert import MEASURES, Alert, Severity
from lib.domain.cause import CAUSES
from lib.operations.alerts import silence
from lib.ui.kit import loaders
from lib.ui.kit.acting import act, why_not
from lib.ui.kit.dashboard import running_app
from lib.ui.kit.format import AMBER, RED, Look, clock, plain, since
from lib.ui.kit.notices import narrated
from lib.ui.kit.router import link

SEVERITY = {
    Severity.CRITICAL: Look("critical", "×", ":material/error:", "red", RED),
    Severity.WARNING: Look("warning", "!", ":material/warning:", "orange", AMBER),
}
SILENCES = {"Silence for 1 hour": 60, "Silence for 8 hours": 480, "Silence for 1 day": 1440}
# By measure: what to do, and the page to do it on.
TODO = {
    "stuck_minutes": ("Repair them", "recover"),
    "success_percent": ("See the errors", "errors"),
    "new_cause_videos": ("See the videos it hit", "videos"),
    "credits_left": ("Buy credits at dev.runwayml.com", "environment"),
    "credits_spent": ("See who spent them", "audit"),
    "worker_silent_minutes": ("Start the worker again", "environment"),
    "queue_minutes": ("See whether a worker runs", "environment"),
    "minutes_without_sweep": ("See whether a worker runs", "environment"),
    "minutes_without_logs": ("Check the log drain", "environment"),
    "minutes_without_videos": ("Check the production app", "environment"),
}
MOST_NAMES = 3
_MEASURE = {measure.title: key for key, measure in MEASURES.items()}


@dataclass(frozen=True, slots=True)
class Group:
    """The alerts of one rule: many causes at once are one line. None is silenced, or all are."""

    alerts: tuple[Alert, ...]

    @property
    def first(self) -> Alert:
        return min(self.alerts, key=lambda alert: alert.started_at)

    @property
    def measure(self) -> str | None:
        return _MEASURE.get(self.first.title)

    @property
    def names(self) -> list[str]:
        """What it is about; a cause by its title, a worker by its id."""
        subjects = [alert.subject for alert in self.alerts if alert.subject]
        return [CAUSES[subject].title if subject in CAUSES else subject for subject in subjects]

    @property
    def text(self) -> str:
        return self.first.text if len(self.alerts) == 1 else _listed(self.names)


def grouped(alerts: Sequence[Alert]) -> list[Group]:
    """The loud ones first, in the order of `alerts`."""
    groups: dict[tuple[bool, str], list[Alert]] = {}
    for alert in sorted(alerts, key=lambda alert: alert.is_silenced):
        groups.setdefault((alert.is_silenced, alert.rule), []).append(alert)
    return [Group(tuple(group)) for group in groups.values()]


def _listed(names: Sequence[str]) -> str:
    rest = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {rest} more" if rest > 0 else "")


def alert_list(alerts: Sequence[Alert], now: datetime) -> None:
    """A line a rule; nothing at all without any alert."""
    if not alerts:
        return
    groups = grouped(alerts)
    with st.container(border=not groups[0].first.is_silenced, gap="xsmall", key="alerts"):
        for group in groups:
            with st.container(horizontal=True, gap="small", vertical_alignment="center"):
                _silenced(group, now) if group.first.is_silenced else _loud(group, now)


def _loud(group: Group, now: datetime) -> None:
    shown = SEVERITY[group.first.severity]
    st.badge(shown.word, icon=shown.icon, color=shown.color)  # type: ignore[arg-type]
    st.markdown(f"**{plain(group.first.title)}**", width="content")
    st.text(group.text, width="content")
    st.caption(f"since {since(group.first.started_at, now)}", width="content")
    st.space("stretch")
    _way_out(group)
    chosen = st.menu_button(
        "Silence",
        list(SILENCES),
        key=f"silence-{group.first.rule}",
        icon=":material/notifications_off:",
        type="tertiary",
        disabled=why_not() is not None,
        help=why_not() or "No one is notified for this long. The audit records it.",
    )
    if chosen:
        _keep_quiet([alert.name for alert in group.alerts], SILENCES[chosen])


def _way_out(group: Group) -> None:
    if group.measure is None:  # of a newer version
        return
    todo, target = TODO[group.measure]
    narrowed = len(group.alerts) == 1 and group.first.subject in CAUSES and target in ("recover", "videos")
    link(target, todo, {"cause": group.first.subject} if narrowed else None)


def _silenced(group: Group, now: datetime) -> None:
    until = clock(max(alert.silenced_until for alert in group.alerts if alert.silenced_until), now)[:-3]
    about = f" ({plain(_listed(group.names))})" if group.names else ""
    st.caption(
        f":material/notifications_off: {plain(group.first.title)}{about}: silenced until {until}",
        width="content",
    )
    if act("Notify again", type="tertiary", key=f"tell-{group.first.rule}"):
        _keep_quiet(sorted({group.first.rule, *(alert.name for alert in group.alerts)}), 0)


def _keep_quiet(names: Sequence[str], minutes: int) -> None:
    """By name, so that another cause of the same rule is told all the same."""
    with narrated():
        for name in names:
            silence(running_app(), name, minutes)
        loaders.forget()
        st.rerun()
