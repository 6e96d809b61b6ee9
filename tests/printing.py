"""What Vercel's tools print of requests, and what Windows' shell makes of that: for tests of reading it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

ICONS = {"serverless": "λ", "edge-function": "ε", "static": "◇", "": " "}
TAIL_ICONS = {"serverless": "ƒ", "edge-function": "ന", "edge-middleware": "ɛ"}
LEVEL_ICONS = {"error": "🚫", "warning": "⚠️"}
SEVERITY = ("info", "warning", "error", "fatal")
COLOURS = {"fatal": ("31", "39"), "error": ("31", "39"), "warning": ("33", "39"), "info": ("2", "22")}


@dataclass(frozen=True)
class Printed:
    """A request. `messages`: level and text of each, as they were written."""

    at_ms: int
    messages: Sequence[tuple[str, str]] = ()
    method: str = "POST"
    path: str = "/api/clips"
    status: int = 200
    host: str = "clips.example.com"
    source: str = "serverless"
    cut: frozenset[int] = field(default_factory=frozenset)  # the messages that Vercel cut

    @property
    def level(self) -> str:
        return max((level for level, _ in self.messages), key=SEVERITY.index, default="info")

    @property
    def worst(self) -> str:
        return max(self.messages, key=lambda each: SEVERITY.index(each[0]), default=("info", ""))[1]

    @property
    def status_text(self) -> str:
        return str(self.status) if self.status > 0 else "---"


def _painted(text: str, code: str, end: str, colours: bool) -> str:
    return f"\x1b[{code}m{text}\x1b[{end}m" if colours else text


def _clock(at_ms: int, day: bool = False) -> str:
    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    return f"{at:{'%b %d ' if day else ''}%H:%M:%S}.{at_ms % 1000 // 10:02}"


def _one_line(text: str) -> str:
    return text.replace("\n", " ").strip()


def table(
    requests: Sequence[Printed], *, expand: bool = False, colours: bool = False, width: int = 120
) -> str:
    """`vercel logs`, the newest first."""
    rows = sorted(requests, key=lambda request: request.at_ms, reverse=True)
    days = len({request.at_ms // 86_400_000 for request in rows}) > 1
    cells = [
        [
            _clock(request.at_ms, days),
            request.host,
            request.level,
            f"{ICONS[request.source]} {request.method} {request.path}",
            request.status_text,
            _one_line(request.worst) or "(no message)",
        ]
        for request in rows
    ]
    heads = ["TIME", "HOST", "LEVEL", "", "STATUS", "MESSAGE"]
    wide = [max(len(row[n]) for row in [heads, *cells]) for n in range(6)]
    wide[5] = max(10, width - sum(wide[:5]) - 3 - 2 * 5)
    shown = 4 if expand else 6

    def line(row: Sequence[str], level: str | None) -> str:
        padded = [
            text.ljust(wide[n]) if len(text) <= wide[n] else text[: wide[n] - 1] + "…"
            for n, text in enumerate(row[:shown])
        ]
        if level is not None:
            paints = [("2", "22"), ("2", "22"), COLOURS[level], None, ("32", "39"), COLOURS[level]]
            padded = [
                _painted(text, *paint, colours) if paint else text
                for text, paint in zip(padded, paints, strict=False)
            ]
        padded[3] += "   "
        return "  ".join(padded)

    printed = [_painted(line(heads, None), "2", "22", colours)]
    for request, row in zip(rows, cells, strict=True):
        printed.append(line(row, request.level))
        if expand:
            printed += [
                _painted(_one_line(text) or "(no message)", *COLOURS[level], colours)
                + ("…" if n in request.cut else "")
                for n, (level, text) in enumerate(request.messages)
            ]
            printed.append("")
    printed.append(_painted(f"Fetched {len(rows)} logs for studio/clips on branch main", "90", "39", colours))
    return "Vercel CLI 54.2.0\nFetching logs...\n" + "\n".join(printed) + "\n"


def tail(requests: Sequence[Printed], *, colours: bool = False) -> str:
    """`vercel logs --follow`: a row a message, the oldest first."""
    printed = ["Vercel CLI 50.30.0", "Streaming logs for deployment dpl_1 starting from 16:40:02.55", ""]
    for request in sorted(requests, key=lambda request: request.at_ms):
        for level, text in request.messages or [("info", "")]:
            icon = TAIL_ICONS.get(request.source, " ")
            about = (
                f"{_painted(_clock(request.at_ms), '2', '22', colours)}  {LEVEL_ICONS.get(level, 'ℹ️')}  "
                f"{_painted(request.method, '1', '22', colours)}  {request.status_text}  "
                f"{_painted(request.host, '2', '22', colours)}  {icon}  {request.path}"
            )
            printed += ["waiting for new logs...", about, "-" * 60, text.removesuffix("\n"), ""]
    return "\n".join(
        [*printed, "waiting for new logs...", "WARN! Exceeded query duration limit of 5 minutes"]
    )


def runtime_logs(requests: Sequence[Printed], *, head: bool = True) -> str:
    """What Vercel's MCP tool prints, the newest first."""
    rows = sorted(requests, key=lambda request: request.at_ms, reverse=True)
    first, last = (_iso(request.at_ms) for request in (rows[-1], rows[0]))
    printed = (
        ["## Runtime Logs", "", "**Project:** prj_1", f"**Time range:** {first} → {last}", ""] if head else []
    )
    for request in rows:
        at = datetime.fromtimestamp(request.at_ms / 1000, UTC)
        printed += [
            f"### {at:%H:%M:%S} {request.method} {request.path} {request.status} "
            f"[{request.level}/serverless]",
            "dep=dpl_1 branch=main cache=MISS",
            *(f"    {line}" for _, text in request.messages for line in text.split("\n")),
            "",
        ]
    return "\n".join(printed)


def _iso(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%dT%H:%M:%S}.{at_ms % 1000:03}Z"


def powershell(text: str, *, page: str = "cp437", width: int = 119) -> bytes:
    """Redirected by Windows PowerShell 5: read as a code page, each line wrapped between words, as UTF-16."""
    first, *lines = text.removesuffix("\n").split("\n")
    printed = [
        f"node.exe : {first}",
        "At line:1 char:1",
        '+ & "C:\\Program Files\\nodejs/node.exe" "C:\\Program Files\\nodejs/node_mo ...',
        "    + CategoryInfo          : NotSpecified: (Vercel CLI 54.2.0:String) [], RemoteException",
        "    + FullyQualifiedErrorId : NativeCommandError",
        " ",
    ]
    for line in lines:
        printed += wrapped(misread(line, page), width) if line else [" "]
    return "\r\n".join([*printed, ""]).encode("utf-16")


def misread(text: str, page: str) -> str:
    """UTF-8 as a code page; bytes that it leaves out stand for themselves, as on Windows."""
    return "".join(bytes([byte]).decode(page, "ignore") or chr(byte) for byte in text.encode())


def wrapped(line: str, width: int) -> Iterable[str]:
    row = ""
    words = [f"{word} " for word in line.split(" ")]
    words[-1] = words[-1][:-1]
    for word in words:
        if len(row) + len(word) <= width:
            row += word
        elif len(word) <= width:
            yield row
            row = word
        else:
            row += word
            while len(row) > width:
                yield row[:width]
                row = row[width:]
    yield row
