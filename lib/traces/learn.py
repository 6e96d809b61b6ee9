"""Proposing a flow from logs of runs that worked: the lines that come in every run, once and in one order.

    runs_in     the lines of each run, told apart by request ids and by what names a video or its task
    learn_flow  what the runs have in common, as the content of a flow file

Lines are split at the first token in which runs differ: a tree of tokens, of which only branches are followed
that nine runs of ten take. What differs from run to run becomes a placeholder; free text ends a pattern.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from statistics import median
from typing import Any, NamedTuple

from lib.domain.flow import Means
from lib.domain.trace import LogEntry
from lib.domain.video import Video
from lib.traces.template import CHANGING, FOLDED, FREE, Token, is_uuid, pattern_of, tokens_of

ENOUGH = 0.9  # of the runs have a line, else it is no stage
FEWEST_RUNS = 3
ONCE = 1.3  # times a run at most, on average: what comes again and again asks for the status
_TAG = re.compile(r"^(?:\[[^\]]{1,40}\] ?){1,3}")
_NAME = re.compile(r"[\w-]{4,}")
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")  # as JSON may write what is not ASCII
_KEY = re.compile(r'"([\w.-]{1,60})" ?:')
_TELLS_OF_CALL = re.compile(
    r"runway|\b(?:ask\w*|api|sdk|endpoint|call\w*|post\w*|send\w*|submit\w*|hand\w*|dispatch\w*|invok\w*|creat\w*|fetch\w*)\b",
    re.I,
)
_TELLS_OF_TASK = re.compile(r"task|job|runway|generat|predict|operation", re.I)
_SAVED = re.compile(
    r"saved|kept|noted|stored|updated|written|linked|recorded|persisted|attached|\b(?:on|in) the row",
    re.I,
)
_SAVING = re.compile(r"sav(?:e|ing)|stor(?:e|ing)|updat|writ|\brow\b|record|\bdb\b|database|persist", re.I)


@dataclass
class Lines:
    """What one run logged, in order. `ids`: what is known to name its video or its task, by kind."""

    ids: dict[str, str] = field(default_factory=dict)  # small letters
    prompt: str = ""
    entries: list[LogEntry] = field(default_factory=list)


class _Line(NamedTuple):
    run: int
    place: int  # among the run's lines
    tokens: Sequence[Token]


@dataclass
class _Candidate:
    template: list[Token]
    lines: list[_Line]
    whole: bool  # nothing comes after it in any line

    def place_of(self) -> dict[int, int]:
        """Where each run has it first."""
        return {line.run: line.place for line in reversed(self.lines)}

    @property
    def text(self) -> str:
        return "".join(token.literal or "" if token.kind not in CHANGING else "…" for token in self.template)


def runs_in(entries: Sequence[LogEntry], videos: Sequence[Video] = ()) -> list[Lines]:
    """The lines of each of `videos`, or without them of each request like the one that is most usual."""
    if not videos:
        return _usual_requests(entries)
    runs: dict[str, Lines] = {}
    owner: dict[str, str] = {}
    for video in videos:
        ids = {video.id.lower(): "video"} | (
            {video.runway_video_id.lower(): "task"} if video.runway_video_id else {}
        )
        runs[video.id] = Lines(ids, (video.prompt or "").split("\n")[0][:30])
        owner.update((name, video.id) for name in ids)
    named = [
        {owner[w] for w in map(str.lower, _NAME.findall(entry.message)) if w in owner} for entry in entries
    ]
    rooms: dict[str, set[str]] = defaultdict(set)
    for entry, names in zip(entries, named, strict=True):
        if entry.request_id:
            rooms[entry.request_id] |= names
    for entry, names, between in zip(entries, named, _between(named), strict=True):
        whose = names if len(names) == 1 else rooms[entry.request_id] if entry.request_id else between
        if len(whose) == 1:
            runs[next(iter(whose))].entries.append(entry)
    return [run for run in runs.values() if run.entries]


def _between(named: Sequence[set[str]]) -> Iterator[set[str]]:
    """Whose run alone goes on at each line, as lines before and after tell: for text without request ids."""
    last = {name: place for place, names in enumerate(named) for name in names}
    going_on: set[str] = set()
    for place, names in enumerate(named):
        going_on |= names
        yield set(going_on) if len(going_on) == 1 else set()
        going_on -= {name for name in names if last[name] == place}


def _usual_requests(entries: Iterable[LogEntry]) -> list[Lines]:
    """The requests whose first lines begin alike, of those that log most."""
    rooms: dict[str, Lines] = defaultdict(Lines)
    for entry in entries:
        if entry.request_id:
            rooms[entry.request_id].entries.append(entry)
    alike: dict[str, list[Lines]] = defaultdict(list)
    for room in rooms.values():
        alike[_beginning(room.entries[0].message)].append(room)
    return max(alike.values(), key=lambda those: sum(len(room.entries) for room in those), default=[])


def _beginning(message: str) -> str:
    """What lines of one kind begin with; records begin alike, and are told apart by their keys."""
    keys = _KEY.findall(message) if message.startswith("{") else []
    start = tokens_of(message, {})[:4]
    return " ".join(keys) or "".join(t.kind if t.kind in ("number", "id", "quoted") else t.key for t in start)


def learn_flow(runs: Sequence[Lines], key: str = "learned") -> dict[str, Any]:
    """The content of a flow file. Raises ValueError saying why nothing can be learned."""
    if len(runs) < FEWEST_RUNS:
        raise ValueError(
            f"a flow is learned from {FEWEST_RUNS} runs that worked or more, and there are {len(runs)}; "
            "runs are told apart by request ids, or by what of their rows they name"
        )
    lines = [line for number, run in enumerate(runs) for line in _lines_of(number, run)]
    need = max(2, round(ENOUGH * len(runs)))
    found = [each for each in _grow(lines, 0, [], need) if _is_stage(each)]
    stages = _in_order([_without_free_text(each) for each in _trimmed(found)])
    if len(stages) < 2:
        raise ValueError("the runs have fewer than two lines in common that tell anything")
    if (created := _created(stages)) is not None and not any(
        t.kind == "task" for t in stages[created].template
    ):
        return learn_flow(_with_tasks(runs, stages[created]), key)
    if created is not None and (alone := _without_checks(runs, stages[created])) != runs:
        return learn_flow(alone, key)
    means = _means(stages, created, runs)
    keys: Counter[str] = Counter()
    usual = {
        token for token, times in Counter(t for each in stages for t in {*each.template}).items() if times > 2
    }
    return {
        "flow": key,
        "title": "Learned from logs",
        "stages": [
            _stage(each, means.get(number), usual, keys, len(runs)) for number, each in enumerate(stages)
        ],
    }


def _lines_of(number: int, run: Lines) -> Iterator[_Line]:
    seen = set[tuple[int, str]]()
    for place, entry in enumerate(run.entries):
        if (entry.at_ms, entry.message) not in seen:
            seen.add((entry.at_ms, entry.message))
            yield _Line(number, place, tokens_of(entry.message, run.ids, [run.prompt]))


def _grow(lines: Sequence[_Line], depth: int, template: list[Token], need: int) -> list[_Candidate]:
    """What the lines, which share `template`, go on with in enough runs."""
    here: dict[str, list[_Line]] = defaultdict(list)
    ended = [line for line in lines if len(line.tokens) == depth]
    value = _is_value_of_object(template)
    for line in lines:
        if len(line.tokens) > depth:
            token = line.tokens[depth]
            here[token.kind if value and token.kind in FOLDED else token.key].append(line)
    common = {key: those for key, those in here.items() if _runs(those) >= need}
    _keep_variants_apart(common, depth)
    found: list[_Candidate] = []
    for those in common.values():
        token = _common(those, depth, value)
        if token.kind in ("free", "success") or (
            _is_in_object([*template, token]) and not _names_follow(those, depth + 1, need)
        ):
            found.append(_Candidate([*template, token] if token != FREE else template, those, whole=False))
        else:
            found += _grow(those, depth + 1, [*template, token], need)
    rest = [line for key, those in here.items() if key not in common for line in those]
    for kind in FOLDED:
        folded = [line for line in rest if line.tokens[depth].kind == kind]
        if _runs(folded) >= need:
            found += _folded(folded, depth, [*template, Token(kind, None)], need)
    if _runs(ended) >= need:
        found.append(_Candidate(template, ended, whole=True))
    if not found and template:
        found.append(_Candidate(template, list(lines), whole=False))
    return found


def _common(lines: Sequence[_Line], depth: int, value: bool) -> Token:
    """What the tokens there have in common, which are of one kind and, unless that changes, of one text."""
    kind, literal = lines[0].tokens[depth]
    all_of = {line.tokens[depth].literal for line in lines}
    if kind in ("video", "task"):
        return Token(kind, "uuid" if all(map(is_uuid, all_of)) else None)
    if _is_success(lines, depth):
        return Token("success", None)
    changes = kind in CHANGING or (kind == "space" and all_of != {" "}) or (value and kind in FOLDED)
    return Token(kind, None if changes else literal)


def _is_in_object(template: Sequence[Token]) -> bool:
    """Whether an object has begun that is printed behind the words of a line."""
    return Token("mark", "{") in template[1:]


def _is_value_of_object(template: Sequence[Token]) -> bool:
    before = [token for token in template[-2:] if token.kind != "space"]
    return bool(before) and before[-1].literal in (":", "'", '"') and _is_in_object(template)


def _folded(lines: Sequence[_Line], depth: int, template: list[Token], need: int) -> list[_Candidate]:
    """After a placeholder; a word that nothing certain follows is free text, and not worth a placeholder."""
    found = _grow(lines, depth + 1, template, need)
    if template[-1].kind != "word":
        return found
    return [
        each
        for each in found
        if any(t.literal and t.kind == "word" for t in each.template[len(template) :][:3])
    ]


def _keep_variants_apart(common: dict[str, list[_Line]], depth: int) -> None:
    """A number that all runs share by chance is a placeholder, unless others stand in its place too."""
    by_kind = Counter(those[0].tokens[depth].kind for those in common.values())
    for key, those in list(common.items()):
        token = those[0].tokens[depth]
        if token.kind in ("number", "id") and by_kind[token.kind] == 1 and not _is_success(those, depth):
            del common[key]


def _is_success(lines: Sequence[_Line], depth: int) -> bool:
    """An HTTP status, behind the word `status` or `code`: one of another hundred is another answer."""
    before = [t.literal or "" for t in lines[0].tokens[max(0, depth - 3) : depth]]
    number = lines[0].tokens[depth].literal or ""
    return bool(re.fullmatch(r"2\d\d", number)) and any(w.lower() in ("status", "code") for w in before)


def _names_follow(lines: Sequence[_Line], depth: int, need: int) -> bool:
    """Whether the object that begins here names the video or the task in enough runs."""
    named = [line for line in lines if any(t.kind in ("video", "task") for t in line.tokens[depth:])]
    return _runs(named) >= need


def _runs(lines: Iterable[_Line]) -> int:
    return len({line.run for line in lines})


def _is_stage(candidate: _Candidate) -> bool:
    """Whether it says something, if only an id, and says it once a run."""
    letters = sum(
        len(re.sub(r"[^\w]", "", t.literal))
        for t in candidate.template
        if t.literal and t.kind not in CHANGING
    )
    once = len(candidate.lines) <= ONCE * _runs(candidate.lines)
    tells = any(t.kind in ("video", "task", "model") for t in candidate.template)
    return once and (tells or letters >= (2 if candidate.whole else 4))


def _trimmed(candidates: Sequence[_Candidate]) -> list[_Candidate]:
    """Lines of keys and values are kept up to what tells them apart, and to the ids that they name."""
    values: dict[str, set[str]] = defaultdict(set)
    for each in candidates:
        for i, token in enumerate(each.template):
            if token.literal and _is_value(each.template, i):
                values[_key_of(each.template, i)].add(token.literal)
    telling = {key: len(those) for key, those in values.items() if len(those) > 1}
    trimmed = [_trim(each, telling) if _is_record(each.template) else each for each in candidates]
    return [
        each if any(_begins(other, short) for other in trimmed if other is not short) else short
        for each, short in zip(candidates, trimmed, strict=True)
    ]


def _begins(other: _Candidate, short: _Candidate) -> bool:
    """Whether what is left of one line says too little: another begins with all of it."""
    return not short.whole and other.template[: len(short.template)] == short.template


def _trim(candidate: _Candidate, telling: Mapping[str, int]) -> _Candidate:
    """Up to the value that tells lines apart best and to the last id; other values may change.

    `telling`: how many values a key has, of those that have several.
    """
    template = candidate.template
    places = [i for i in range(len(template)) if _is_value(template, i)]
    told = [i for i in places if template[i].literal and _key_of(template, i) in telling]
    named = [i for i, token in enumerate(template) if token.kind in ("video", "task")]
    best = sorted(told, key=lambda i: -telling[_key_of(template, i)])[:1]
    end = max([*(best or places[:1]), *named] or [len(template) - 1])
    end = _end_of_quotes(template, end)
    masked = [
        Token(t.kind, None) if told and i in places and i not in told and t.kind in FOLDED else t
        for i, t in enumerate(template[: end + 1])
    ]
    return _Candidate(masked, candidate.lines, candidate.whole and end + 1 == len(template))


def _end_of_quotes(template: Sequence[Token], at: int) -> int:
    """Where what is said of an id in quotes ends; `at` where it stands in none."""
    for i in range(at, 0, -1):
        if _is_value(template, i):
            quote = template[i]
            closing = (j for j in range(at + 1, len(template)) if template[j] == quote)
            return next(closing, at) if quote.kind == "mark" and quote.literal in ("'", '"', "`") else at
    return at


def _is_record(template: Sequence[Token]) -> bool:
    """Whether a line is made of keys and values."""
    return template[0] == Token("mark", "{") or any(_is_value(template, i) for i in range(len(template)))


def _without_free_text(candidate: _Candidate) -> _Candidate:
    """Quoted text that changes is what people wrote: at the end of a line it may be of any length."""
    if candidate.template[-1] != Token("quoted", None) or len(candidate.template) < 2:
        return candidate
    return _Candidate(candidate.template[:-1], candidate.lines, whole=False)


def _is_value(template: Sequence[Token], at: int) -> bool:
    """Whether a token is what stands behind a word and `=`, or behind a quoted key and its colon."""
    before = [token for token in template[max(0, at - 3) : at] if token.kind != "space"]
    if len(before) < 2 or template[at].kind == "space":
        return False
    key, sign = before[-2:]
    return (key.kind == "quoted" and sign.literal == ":") or (
        key.kind in ("word", "id") and sign.literal == "="
    )


def _key_of(template: Sequence[Token], at: int) -> str:
    """The key that stands before a value."""
    return [token.literal or "" for token in template[max(0, at - 3) : at] if token.kind != "space"][-2]


def _in_order(candidates: Sequence[_Candidate]) -> list[_Candidate]:
    """By their place in the runs; what comes now before, now after another is left out."""
    places = {id(each): each.place_of() for each in candidates}
    ordered = sorted(candidates, key=lambda each: median(places[id(each)].values()))
    kept: list[_Candidate] = []
    for each in ordered:
        mine = places[id(each)]
        if all(_after(mine, places[id(before)]) for before in kept):
            kept.append(each)
    return kept


def _after(mine: Mapping[int, int], before: Mapping[int, int]) -> bool:
    both = mine.keys() & before.keys()
    return sum(mine[run] > before[run] for run in both) >= ENOUGH * len(both)


def _with_tasks(runs: Sequence[Lines], created: _Candidate) -> list[Lines]:
    """The runs with the ids that stand in the line of the new task, where no rows tell them."""
    at = next(i for i, token in enumerate(created.template) if token.kind in ("uuid", "id"))
    tasks = {line.run: (line.tokens[at].literal or "").lower() for line in created.lines}
    return [replace(run, ids=run.ids | {tasks.get(number, ""): "task"}) for number, run in enumerate(runs)]


def _without_checks(runs: Sequence[Lines], created: _Candidate) -> list[Lines]:
    """The runs without the requests that begin when the task exists: they ask what became of it."""
    places = created.place_of()
    kept = []
    for number, run in enumerate(runs):
        before = {entry.request_id for entry in run.entries[: places.get(number, len(run.entries)) + 1]}
        kept.append(replace(run, entries=[entry for entry in run.entries if entry.request_id in before]))
    return kept


def _means(stages: Sequence[_Candidate], created: int | None, runs: Sequence[Lines]) -> dict[int, Means]:
    """The line that names a new task, the one before it at which runs wait, the one after it that tells of
    saving."""
    if created is None:
        return {}
    means = {created: Means.CREATED}
    if (sent := _sent(stages[: created + 1], runs)) is not None:
        means[sent] = Means.SENT
    later = range(created + 1, len(stages))
    saved = [i for i in later if _SAVED.search(stages[i].text)] or [
        i for i in later if _SAVING.search(stages[i].text)
    ]
    if saved or later:
        means[saved[0] if saved else created + 1] = Means.SAVED
    return means


def _created(stages: Sequence[_Candidate]) -> int | None:
    named = (i for i, each in enumerate(stages) if any(t.kind == "task" for t in each.template))
    if (first := next(named, None)) is not None:
        return first
    ids = (i for i, each in enumerate(stages) if any(t.kind in ("uuid", "id") for t in each.template))
    return next((i for i in ids if i and _TELLS_OF_TASK.search(stages[i].text)), None)


def _sent(stages: Sequence[_Candidate], runs: Sequence[Lines]) -> int | None:
    """The earliest line before the task's that may be the call: runs wait after it for a good while."""
    waits = []
    for one, following in pairwise(stages):
        before, after = one.place_of(), following.place_of()
        both = before.keys() & after.keys()
        waits.append(median(runs[r].entries[after[r]].at_ms - runs[r].entries[before[r]].at_ms for r in both))
    if not waits:
        return None
    long = [i for i, wait in enumerate(waits) if wait >= max(waits) / 4]
    return next((i for i in long if _tells_of_call(stages[i])), long[0])


def _tells_of_call(stage: _Candidate) -> bool:
    return bool(_TELLS_OF_CALL.search(stage.text)) or any(token.kind == "model" for token in stage.template)


def _stage(
    candidate: _Candidate, means: Means | None, usual: Container[Token], keys: Counter[str], runs: int
) -> dict[str, Any]:
    """`usual`: what most stages have, which tells none from another."""
    space = Token("space", " ")
    own = [token if token.kind in CHANGING or token not in usual else space for token in candidate.template]
    named = replace(candidate, template=own).text if _is_record(candidate.template) else candidate.text
    named = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), named)
    text = re.sub(r"[\s\"{}=]+", " ", _TAG.sub("", named)).strip(" [](),:;'")
    words = re.findall(r"[a-z0-9]+", text.lower().replace("'", ""))
    key = "_".join(words[:6])[:40].strip("_") or ("task" if means is Means.CREATED else "line")
    keys[key] += 1
    stage: dict[str, Any] = {
        "stage": key if keys[key] == 1 else f"{key}_{keys[key]}",
        "pattern": pattern_of(candidate.template, whole=candidate.whole),
        "title": text[:60] or key,
        "note": f"in {_runs(candidate.lines)} of {runs} runs"
        + (f"; `{means}` is guessed: check it" if means else ""),
    }
    return stage | ({"means": str(means)} if means else {})
