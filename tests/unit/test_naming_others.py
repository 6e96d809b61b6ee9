"""What names a video in other apps' lines: pairs, paths, leads; and what a user wrote, which never does."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lib.domain.flow import StageReader
from lib.domain.trace import LogEntry
from lib.traces.correlate import Correlation, correlate
from lib.traces.flows import flow_of, load_flows
from lib.traces.naming import first_named_in_each, ids_in, names_in, own_words, read_names
from tests.growth import grows_too_fast
from tests.stories import ANNA, ms, row

REEL = flow_of(
    {
        "flow": "reel",
        "stages": [
            {"stage": "begun", "pattern": r"^lvl=info msg=\"reel wanted\" reel=(?P<video>\d{1,9})"},
            {"stage": "asked", "pattern": r"^lvl=info msg=\"asking runway\"", "means": "sent"},
        ],
    },
    "reel",
)
READER = StageReader((*load_flows(), REEL))


def read(*lines: tuple[str, str, str], keys: tuple[str, ...] = ("51", "52")) -> Correlation:
    """Lines of (request, path, message)."""
    entries = [
        LogEntry(ms(10 * n), "info", text, request, path) for n, (request, path, text) in enumerate(lines)
    ]
    return correlate(entries, (), [row(key) for key in keys], READER)


BEGUN = ("r1", "/api/reels", 'lvl=info msg="reel wanted" reel=51')


def lines_of(found: Correlation, key: str) -> list[str]:
    log = found.of(key)
    ran = [each.entry.message for run in log.runs for each in run.lines]
    return ran + [entry.message for poll in log.polls for entry in poll]


def test_a_short_key_behind_quoted_text_names_its_video() -> None:
    late = 'lvl=error msg="reel failed: \\"no\\"" err="401 nope" reel=51'
    assert lines_of(read(BEGUN, ("r2", "/x", late)), "51") == [BEGUN[2], late]


@pytest.mark.parametrize(
    "text",
    [
        'lvl=info msg="late" text="reel=52" took=3ms',
        'lvl=info msg="late" prompt="x" reel=52 y="z" reel=51',
        'lvl=info msg="late" prompt=52 took=3ms',
    ],
)
def test_a_key_that_a_user_wrote_names_nobody(text: str) -> None:
    assert lines_of(read(BEGUN, ("r2", "/x", text)), "52") == []


def test_a_path_names_the_video_of_a_request_whose_lines_name_none() -> None:
    asked = [("r2", "/api/reels/51", "state wanted"), ("r3", "/api/reels/52?x=1", "state wanted")]
    found = read(BEGUN, *asked)
    assert "state wanted" in lines_of(found, "51")
    assert "state wanted" in lines_of(found, "52")


@pytest.mark.parametrize(
    "path", ["/api/users/51", "/api/reels/511", "/page/51/edit", "/api/reels?page=51", "/api/users/51/reels"]
)
def test_a_number_in_another_place_of_a_path_names_nobody(path: str) -> None:
    assert lines_of(read(BEGUN, ("r2", path, "shown"), ("r3", "/api/users/7", "shown")), "51") == [BEGUN[2]]


def test_a_long_key_names_its_video_in_any_path() -> None:
    assert lines_of(read(("r1", f"/v/{ANNA}", "state wanted"), keys=(ANNA,)), ANNA) == ["state wanted"]


@pytest.mark.parametrize(
    "text",
    [
        f"Prompt: {ANNA}",
        f"asking {{ model: 'gen4_turbo', prompt: '{ANNA}' }}",
        f'{{"msg":"asking","promptText":"{ANNA}","ratio":"1280:720"}}',
        f'lvl=info msg="asking runway" beschreibung={ANNA} took=3',
        f"new {{\n  caption: `{ANNA}`,\n  n: 3\n}}",
    ],
)
def test_a_prompt_that_is_nothing_but_an_id_names_nobody(text: str) -> None:
    assert ids_in(text) == []
    assert names_in(text) == ((), ())


@pytest.mark.parametrize("lead", ["info: ", "2026-01-02 03:04:05 ", "[info] ", ""])
def test_what_stands_behind_a_level_is_still_the_apps_own(lead: str) -> None:
    assert ids_in(f"{lead}State wanted of {ANNA}") == [ANNA]


@pytest.mark.parametrize("text", ['a="', "a=b ", 'a="\\', "text=", 'text:"\\', "x=1 y=2 z="])
def test_own_words_are_read_in_linear_time(text: str) -> None:
    assert grows_too_fast(own_words, text * 200) is None


IDS = [
    ANNA,
    ANNA.upper(),
    "a" + ANNA[1:],
    "1" + ANNA[1:],
    "00000001-0000-0000-0000-000000000000",
    "cm3x8k2p9000",
]
SAID = [
    *(
        "video ",
        "Updated record: { id: '",
        "Task created with ID: ",
        "runway_video_id: ",
        "task_id=",
        "status ",
    ),
    *(
        "Task status: { id: '",
        "prompt: ",
        "caption='",
        "title=",
        "",
        "video 1",
        "video -",
        ": 404 task_id: 7",
    ),
]
BEHIND = ["", "' ", " ", ": ", ", ", "=", "=1 b=c d=e ", "-1 ", "é ", "'\n}", ". ", "prompt=video: "]
PIECES = st.lists(st.tuples(*map(st.sampled_from, (SAID, IDS, BEHIND))).map("".join), max_size=4)


@settings(max_examples=2_000)
@example(["a", ANNA[1:], "=1 b=c d=e prompt: video ", ANNA])
@example([f"a{ANNA[1:]}=1 x=y video=", ANNA])
@example(["{ ", ANNA[:-1], "bprompt=video: ", ANNA])
@given(PIECES)
def test_names_are_the_same_whether_a_message_of_this_shape_came_before_or_not(words: list[str]) -> None:
    message = "".join(words)
    assert names_in(message) == read_names(message)


@example([ANNA, "\0", f"video {ANNA}"])
@example(["", ANNA, "", f"video: {ANNA}", f"video: {ANNA}"])
@given(st.lists(PIECES.map("".join), max_size=6))
def test_names_are_the_same_whether_messages_are_read_together_or_one_by_one(messages: list[str]) -> None:
    alone = [tuple(next(iter(each), None) for each in read_names(message)) for message in messages]
    assert first_named_in_each(messages) == alone
