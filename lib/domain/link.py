"""Links to other places, by templates such as `https://vercel.com/team/app/logs?selectedLogId={request_id}`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote, urlsplit

NAMES = ("video_id", "task_id", "request_id", "deployment_id")
_PLACE = re.compile(r"\{(\w*)\}")


def check_template(template: str) -> None:
    """Raises ValueError saying what is wrong with it."""
    if urlsplit(template).scheme not in ("http", "https") or "{" in urlsplit(template).netloc:
        raise ValueError("a link begins with https:// and a host")
    places = _PLACE.findall(template)
    if not places or set(places) - set(NAMES):
        raise ValueError(f"a link names one or more of {{{'}, {'.join(NAMES)}}}, and nothing else in braces")


def links_out(templates: Mapping[str, str], known: Mapping[str, str | None]) -> dict[str, str]:
    """Name -> address, of those links for which all that they need is known."""
    return {
        name: _PLACE.sub(lambda place: quote(known[place[1]] or "", safe=""), template)
        for name, template in templates.items()
        if all(known.get(place) for place in _PLACE.findall(template))
    }
