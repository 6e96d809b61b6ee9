"""Which id is meant by what somebody copied: from a log, from code, from the address of a page. Pure."""

from __future__ import annotations

import re
from urllib.parse import parse_qs

_LONGEST = 2000
_MOST = 6  # each is looked up
_AROUND = " \t\r\n\"'`“”‘’,;.…()[]{}<>"
_NAMES = ("id", "video", "task", "key")  # how the name of what holds an id ends: `videoId`, `runway_task`
_UUID = re.compile(r"(?<![0-9a-f])[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}(?![0-9a-f])", re.I)


def ids_in(pasted: str) -> list[str]:
    """What may be the id, the likeliest first: the text as it is, since ids may look like anything."""
    whole = pasted[:_LONGEST].strip()
    bare = whole.strip(_AROUND)
    may_be = [whole, *_of_an_address(whole), *_behind_a_name(bare), bare, *_UUID.findall(whole)]
    return list(dict.fromkeys(each for each in may_be if each))[:_MOST]


def _of_an_address(text: str) -> list[str]:
    """`https://dailies.test/video?id=…`"""
    asked = parse_qs(text.partition("?")[2].partition("#")[0])
    return [each.strip(_AROUND) for each in asked.get("id", ())]


def _behind_a_name(text: str) -> list[str]:
    """`id=…`, `"videoId": "…"`"""
    name, *value = re.split("[:=]", text, maxsplit=1)
    is_name = name.strip(_AROUND).lower().endswith(_NAMES)
    return [each.strip(_AROUND) for each in value] if is_name else []
