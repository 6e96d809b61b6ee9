"""Telling people of alerts: an incoming webhook of Slack, or of anything that takes the same JSON."""

from __future__ import annotations

from typing import Any, Protocol

import httpx
from pydantic import SecretStr

from lib.domain.alert import Alert, Severity
from lib.errors import DailiesError

SECONDS = 10


class NotTold(DailiesError):
    """The webhook did not take the notice."""


class Webhook(Protocol):
    def tell(self, alert: Alert) -> None:
        """Raises NotTold."""


class SlackWebhook:
    """`url` is a secret: whoever knows it may post."""

    def __init__(
        self, url: SecretStr, dashboard: str | None = None, http: httpx.Client | None = None
    ) -> None:
        self._url = url
        self._dashboard = dashboard
        self._http = http or httpx.Client(timeout=SECONDS)

    def tell(self, alert: Alert) -> None:
        try:
            answer = self._http.post(self._url.get_secret_value(), json=notice(alert, self._dashboard))
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            # not the error's own words, which may quote the address
            raise NotTold(f"The webhook could not be reached ({type(error).__name__}).") from None
        if not answer.is_success:
            raise NotTold(f"The webhook answered {answer.status_code}.")

    def close(self) -> None:
        self._http.close()


def notice(alert: Alert, dashboard: str | None = None) -> dict[str, Any]:
    """The message, in Slack's form. `<!channel>` and the like in it stay text."""
    if alert.ended_at:
        sign, head = "✅", f"Over: {alert.title}"
    else:
        sign, head = ("🔴" if alert.severity is Severity.CRITICAL else "🟠"), alert.title
    lines = [f"{sign} *{_plain(head)}*", _plain(alert.text)]
    if dashboard:
        lines.append(f"<{dashboard.rstrip('/')}|Open Dailies>")
    return {"text": "\n".join(lines)}


def _plain(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
