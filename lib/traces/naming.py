"""What a message says of itself: the video and the tasks it names, the picture and the prompt it shows.

Users write prompts, and apps log them. So a name counts only where the app itself can be told to have written
it: before the first label with free text behind it, and outside the strings of a printed object.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from lib.domain.flow import LEAD
from lib.domain.memo import remembered
from lib.domain.vocabulary import COLUMN_NAMES

_UUID = r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
_TASK_ID = r"(?=[0-9a-f]{8}|[0-9A-Za-z_-]{0,80}[0-9a-f]{8})([0-9A-Za-z_-]{8,120})"
READ = 4096  # a name stands in the beginning of a message; an error's whole request may follow it

_IS = r"['\"]?\s{0,9}[:=]\s{0,9}['\"]?"
_OBJECT_WITH_ID = r"[^{\n]{0,120}:? \{\s{0,9}\"?id\"?: ['\"]"

_ANY = re.compile(rf"(?<![\w/-])({_UUID})(?![\w-])")
_HOLDS_ONE = re.compile(_UUID).search
_URL = re.compile(r"https?://[^\s'\"`,;<>)\]}]{4,2000}")
_PROMPT = re.compile(r"[Pp]rompt(?:_?[Tt]ext)?['\"]?(?::\s{0,3}|=|\s)['\"`]?")
_END_OF_PROMPT = re.compile(r"\n|['\"`](?=[\s,}]|\Z)")
_LENGTH = re.compile(r"[Pp]rompt_?(?:[Tt]ext_?)?[Ll]ength['\"]?[:=]? {0,3}(\d{1,6})")
_MENTIONED = re.compile(
    r"(?:\b[Tt]ask(?![a-z])[^\n{}'\"`]{0,60}|[Rr]unway\S{0,20}[\s:=]{1,3}\S{0,12}[\s:=]{1,3}|"
    r"\b[Tt]ask_?[Ii]d\S{0,3}\s{0,3})"
)
_ADDRESSED = re.compile(rf"/v1/tasks/({_UUID})(?![\w-])")
# The same among a run's own lines, where an answer may be printed as it came, or its id in any tongue.
_ANSWERED = re.compile(
    r"\b[Ii][Dd]['\"]?\s{0,3}[:=]\s{0,3}['\"]?$"
    r"|\b(?:[Cc]re(?:ated|ada|ado|ata)|[Cc]réée?|[Ee]rstellt|[Ss]ubmitted|[Aa]ccepted)\b\W{0,5}$"
)

# Where free text may begin: behind a label, a quotation mark or "prompt", but for an id or an object. Each is
# looked for by itself, where its sign stands: several times as fast as all of them in one pattern.
_LABEL = re.compile(rf": (?!['\"]?(?:{_UUID}|[0-9A-Za-z_-]{{0,80}}[0-9a-f]{{8}})|\d{{3}}\b|\{{)")
_QUOTE = re.compile(rf"['\"`](?<!\w['\"`])(?!{_UUID})")
_ASKED = re.compile(r"[Pp](?<!\w[Pp])rompt(?:[Tt]ext)?(?=: ?| (?!for |of |length))")
_GIVEN = re.compile(
    r"\b(?:[Pp]rompt_?(?:[Tt]ext)?|[Tt]ext|[Cc]aption|[Tt]itle|[Dd]escription|[Ii]nput|[Nn]ame)="
)
_FREE = ((": ", _LABEL), ("", _QUOTE), ("rompt", _ASKED), ("=", _GIVEN))
# What apps call the text that a user wrote.
_WISHES = (*sorted(COLUMN_NAMES["prompt"].split()), "prompttext", "prompt_text")
# Behind such a key even an id alone is a user's.
_PROSE = re.compile(
    rf"(?<![A-Za-z])(?:{'|'.join(_WISHES)})['\"]?[:=] ?"
    r"(?:'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"|`(?:[^`\\]|\\.)*`|[\w-]{1,120})",
    re.I,
)
_PAIRS = re.compile(
    r"(?:[A-Za-z][\w.-]{0,60}=(?:\"(?:[^\"\\\n]|\\.)*\"|[^\s\"{]*)(?: {1,4}|$)){3,}"
)  # logfmt
_STRINGS = re.compile(r"'((?:[^'\\\n]|\\.)*)'?|\"((?:[^\"\\\n]|\\.)*)\"?|`((?:[^`\\]|\\.)*)`?")
_BEHIND = re.compile(r"\} {1,9}(?=[^\s,}\])])")  # what is logged behind an object
_PLAIN = re.compile(r"[\w-]{1,80}")  # a key, an id, a status

_WORD = re.compile(r"[\w-]{1,120}")
_LONG_WORD = re.compile(r"(?<![\w/-])\w[\w-]{13,118}\w(?![\w-])")

_VIDEO, _TASK = range(2)
# Each begins with its snippet and is tried only where that stands: finding five short words is cheap.
_PATTERNS = (
    (
        _VIDEO,
        "ideo",
        r"(?<=[Vv])(?<!unway .)(?<!unway_.)ideo(?:[ _]?[Ii][Dd])?['\"]?[\s:=]{1,9}['\"]?"
        rf"({_UUID})(?![\w-])",
    ),
    (_VIDEO, "Updated record: ", rf"Updated record: \{{\s{{0,9}}\"?id\"?: ['\"]({_UUID})"),
    (
        _TASK,
        "ask",
        rf"(?<=[Tt])ask(?: (?:was )?created with ID| ID| status for ID|_?[Ii]d){_IS}{_TASK_ID}",
    ),
    (
        _TASK,
        "unway",
        rf"(?:(?<=[Rr])unway (?:[Vv]ideo|[Tt]ask) ID|(?<=r)unway_?[Vv]ideo_?[Ii]d(?: for video {_UUID})?)"
        rf"{_IS}{_TASK_ID}",
    ),
    (_TASK, "ask status", rf"(?<=[Tt])ask status{_OBJECT_WITH_ID}{_TASK_ID}"),
    (_TASK, "esponse", rf"(?<=[Rr])esponse{_OBJECT_WITH_ID}{_TASK_ID}"),
)
_AT_SNIPPET = [(kind, snippet, re.compile(pattern).match) for kind, snippet, pattern in _PATTERNS]
_SNIPPETS = list(dict.fromkeys(snippet for _, snippet, _ in _PATTERNS))

_DIGITS_FOLDED = bytes.maketrans(b"123456789", b"0" * 9)
_HEX_FOLDED = bytes.maketrans(b"123456789abcdef", b"0" * 15)
_ALPHANUMERIC = frozenset(f"{string.ascii_letters}{string.digits}".encode())
_NINE = ord("9")
_FOLDED_UUID = b"00000000-0000-0000-0000-000000000000"
_STAND_INS = [
    [b"%b%07d%b" % (first, number, _FOLDED_UUID[8:]) for number in range(1, READ // 36 + 1)]
    for first in (b"0", b"a")
]
_NUMBERS = {stand_in.decode(): number for each in _STAND_INS for number, stand_in in enumerate(each)}


class Names(NamedTuple):
    """Ids a message names in so many words, in order, each once."""

    videos: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()


_NOTHING = Names()
FirstNamed = tuple[str | None, str | None]  # a video and a task
_Numbers = list[list[int]]


def names_in(message: str) -> Names:
    """The videos and tasks that the wording of `message` calls so: other ids in it are left alone."""
    for snippet in _SNIPPETS:
        if snippet in message:
            break
    else:
        return _NOTHING
    shapes, ids = _shapes(message[:READ], 1)
    if len(shapes) != 1:
        return read_names(message)
    return _names_of(message, _numbers_by_shape(shapes[0]), ids[0])


def first_named_in_each(messages: Sequence[str]) -> list[FirstNamed]:
    """The first video and the first task of `names_in` of each: of many at once in a third of the time."""
    whole = "\0".join([message[:READ] for message in messages])
    if whole.count("\0") >= len(messages):  # some have zero bytes themselves
        return [_first_of(message, [], {}) for message in messages]
    shapes, ids = _shapes(whole, len(messages))
    return list(map(_first_of, messages, map(_numbers_by_shape, shapes), ids))


def _first_of(message: str, numbers: _Numbers, numbered: dict[bytes, int]) -> FirstNamed:
    """The first two of `_names_of`, without the rest in a quarter of the time."""
    if not numbers:
        names = read_names(message)
        return next(iter(names.videos), None), next(iter(names.tasks), None)
    ids, (videos, tasks) = list(numbered), numbers
    return ids[videos[0]].decode() if videos else None, ids[tasks[0]].decode() if tasks else None


def _names_of(message: str, numbers: _Numbers, numbered: dict[bytes, int]) -> Names:
    """What `message` names: those of its uuids whose numbers its shape gives, which are `numbered` here."""
    if not numbers:
        return read_names(message)
    ids, (videos, tasks) = list(numbered), numbers
    if not videos and not tasks:
        return _NOTHING
    return Names(tuple([ids[n].decode() for n in videos]), tuple([ids[n].decode() for n in tasks]))


def _shapes(whole: str, count: int) -> tuple[list[bytes], list[dict[bytes, int]]]:
    """`count` messages, which a zero byte parts, with their uuids numbered and every other digit made 0; the
    numbers of each one's uuids.

    Programs write the same few shapes all the time, and what is named where depends on nothing else: the
    patterns here ask of no digit which it is, and of no uuid but whether it begins with a letter.
    """
    text = whole.encode("utf-8", "surrogatepass") + b"\0"
    shape = text.translate(_DIGITS_FOLDED)
    *before, _ = text.translate(_HEX_FOLDED).split(_FOLDED_UUID)
    numbered: list[dict[bytes, int]] = [{} for _ in range(count)]
    ids, message, parts, done, end = numbered[0], 0, list[bytes](), 0, 0
    for passed in before:
        at = end + len(passed)
        end = at + 36
        if b"\0" in passed:
            message += passed.count(b"\0")
            ids = numbered[min(message, count - 1)]
        if text[end] not in _ALPHANUMERIC:  # a pattern may ask for the letter before that
            found = text[at:end]
            parts += shape[done:at], _STAND_INS[text[at] > _NINE][ids.setdefault(found, len(ids))]
            done = end
    parts.append(shape[done:-1])
    return b"".join(parts).split(b"\0"), numbered


@remembered
def _numbers_by_shape(shape: bytes) -> _Numbers:
    """Which uuids of a message of this shape are videos and which tasks; nothing where it names others."""
    names = read_names(shape.decode("utf-8", "surrogatepass"))
    if not all(name in _NUMBERS for each in names for name in each):
        return []
    return [[_NUMBERS[name] for name in each] for each in names]


def read_names(message: str) -> Names:
    """`names_in`, of one message by itself."""
    text = own_words(message)
    named = []
    for kind, snippet, match in _AT_SNIPPET:
        for at in _places(snippet, text):
            if found := match(text, at):
                named.append((found.start(1), kind, found[1]))
    named.sort()
    videos = dict.fromkeys(name.lower() for _, kind, name in named if kind == _VIDEO)
    tasks = dict.fromkeys(name for _, kind, name in named if kind == _TASK)
    return Names(tuple(videos), tuple(task for task in tasks if task.lower() not in videos))


def _places(snippet: str, text: str) -> Iterator[int]:
    at = text.find(snippet)
    while at >= 0:
        yield at
        at = text.find(snippet, at + 1)


def own_words(message: str) -> str:
    """The beginning of `message` without what users may have written: free text and long strings."""
    text = message[:READ]
    text = text[lead.end() :] if (lead := LEAD.match(text)) else text
    if pairs := _PAIRS.match(text):
        return _STRINGS.sub(_without_prose, _without_wishes(pairs[0]))
    free = _free_text(text)
    if not text.startswith("{", free):
        return text[:free]
    printed = _STRINGS.sub(_without_prose, _without_wishes(text[free:]))
    behind = _BEHIND.search(printed)
    return text[:free] + (printed[: behind.start()] if behind else printed)


def _free_text(text: str) -> int:
    """Where free text or an object begins; the length of a text without any."""
    found = [text.find("\n"), text.find("{")]
    found += [match.start() for sign, pattern in _FREE if sign in text and (match := pattern.search(text))]
    return min((at for at in found if at >= 0), default=len(text))


def _without_wishes(text: str) -> str:
    lower = text.lower()
    return _PROSE.sub("", text) if any(wish in lower for wish in _WISHES) else text


def _without_prose(string: re.Match[str]) -> str:
    within = string[0].strip("'\"`")
    return string[0] if _PLAIN.fullmatch(within) else "''"


def ids_in(message: str) -> list[str]:
    """Every id that stands anywhere in the app's own words."""
    if "-" not in message or not _HOLDS_ONE(message):
        return []
    return [found.lower() for found in _ANY.findall(own_words(message))]


def long_words_in(message: str) -> Iterator[str]:
    """Words of the app's own that are long enough to be nothing but an id, where they are one."""
    return (word.lower() for word in _LONG_WORD.findall(own_words(message)))


def is_told_anywhere(key: str) -> bool:
    """Whether a row's key is as unmistakable in a line as a uuid: a cuid, a nanoid, a snowflake."""
    return _LONG_WORD.fullmatch(key) is not None and any(map(str.isdigit, key))


def labelled(message: str, labels: Iterable[str]) -> Iterator[str]:
    """What stands behind one of the labels in the app's own words: an id that need not look like one."""
    for label in labels:
        text = own_words(message) if label in message else ""
        words = {
            found[0].lower() for at in _places(label, text) if (found := _WORD.match(text, at + len(label)))
        }
        if len(words) == 1:  # of two, one may be a user's
            yield words.pop()


def mentioned_tasks(message: str, *, in_a_run: bool = False) -> Iterator[str]:
    """Ids that may be tasks', behind the word in any app's wording: for a candidate, never for more."""
    text, _ = _before_prompt(message)
    if "/v1/tasks/" in text:
        yield from (found.lower() for found in _ADDRESSED.findall(text))
    for found in _ANY.finditer(text) if "-" in text else ():
        before = text[max(0, found.start() - 70) : found.start()]
        if _MENTIONED.search(before) or (in_a_run and _ANSWERED.search(before)):
            yield found[1].lower()


def pictures_in(message: str) -> list[str]:
    """The addresses that the message shows, perhaps shortened."""
    return _URL.findall(_before_prompt(message)[0]) if "http" in message else []


def prompt_in(message: str) -> tuple[str, int | None]:
    """The first line of the prompt that the message shows, perhaps shortened, and how long it says it is."""
    length = _LENGTH.search(message[:READ])
    shown = _END_OF_PROMPT.split(_before_prompt(message)[1], maxsplit=1)[0]
    return shown, int(length[1]) if length else None


def _before_prompt(message: str) -> tuple[str, str]:
    text = message[:READ]
    label = _PROMPT.search(text) if "rompt" in text else None
    return (text[: label.start()], text[label.end() :]) if label else (text, "")
