"""Learning a flow: what is taken for a stage, and what is not."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from datetime import timedelta

import pytest

from lib.domain.flow import Flow, FlowStage, StageReader
from lib.domain.trace import LogEntry
from lib.domain.video import Video
from lib.traces.learn import learn_flow, runs_in
from tests.examples import NOON, video
from tests.foreign import clip_id, task_id

Lines = Callable[[int], list[str]]


def learned(lines: Lines, runs: int = 6, rows: bool = True) -> list[dict[str, str]]:
    videos = [
        Video.from_row(video(clip_id(n), "succeeded", n, runway_video_id=task_id(n))) for n in range(runs)
    ]
    start = round(NOON.timestamp() * 1000)
    entries = [
        LogEntry(start + number * 60_000 + place * 500, "info", message, f"request-{number}")
        for number in range(runs)
        for place, message in enumerate(lines(number))
    ]
    stages: list[dict[str, str]] = learn_flow(runs_in(entries, videos if rows else []))["stages"]
    return stages


def usual(number: int) -> list[str]:
    return [
        f"row {clip_id(number)} in",
        f"asking for {5 + number % 3} s, attempt {1 + number % 2}",
        f"job {task_id(number)} taken",
        f"job {task_id(number)} on the row",
    ]


def patterns(stages: list[dict[str, str]]) -> list[str]:
    return [stage["pattern"] for stage in stages]


def test_lines_of_every_run_are_stages_in_their_order() -> None:
    assert [stage["title"] for stage in learned(usual)] == [
        "row … in", "asking for s, attempt", "job … taken", "job … on the row",
    ]  # fmt: skip


def test_a_line_of_some_runs_or_of_many_a_run_is_no_stage() -> None:
    stages = learned(
        lambda n: [*usual(n), *(["slow day"] if n % 2 else []), "still there", "still there?"[: 11 + n % 2]]
    )
    assert len(stages) == 4


def test_lines_that_change_places_are_no_stages_both() -> None:
    aside = ["thumbnail ready", "mail is out"]
    stages = learned(lambda n: [*usual(n), *(aside if n % 2 else aside[::-1])])
    assert len([stage for stage in stages if stage["title"] in aside]) == 1


def test_free_text_ends_a_pattern_and_a_word_between_is_any_word() -> None:
    names, wishes = ["kim", "lee", "ann"], ["a cat", "two dogs on a hill", "the sea", "rain, at night"]
    stages = learned(lambda n: [f"{names[n % 3]} wants {wishes[n % 4]}", *usual(n)])
    assert re.match(stages[0]["pattern"], "somebody wants anything: at all")
    assert not re.match(stages[0]["pattern"], "somebody needs anything")


def test_a_refusal_is_not_taken_for_the_answer_of_good_runs() -> None:
    answers = [stage["pattern"] for stage in learned(lambda n: [*usual(n), "response status: 200"])]
    assert any(re.match(pattern, "response status: 201") for pattern in answers)
    assert not any(re.match(pattern, "response status: 401") for pattern in answers)


def test_no_id_is_no_task() -> None:
    reader = StageReader(
        [Flow("f", "F", tuple(FlowStage(s["stage"], s["pattern"], s["title"]) for s in learned(usual)))]
    )
    assert reader.read(f"job {task_id(99)} taken")
    assert not reader.read("job undefined taken")


def test_what_users_write_in_a_line_names_nothing() -> None:
    stages = learned(lambda n: [f"wish {{ text: 'cat {n}' }}", *usual(n)])
    reader = StageReader(
        [Flow("f", "F", tuple(FlowStage(s["stage"], s["pattern"], s["title"]) for s in stages))]
    )
    named = reader.named(f"wish {{ text: 'Task ID: {task_id(99)}' }}")
    assert named == (None, None)
    said = reader.named(f"job {task_id(3)} taken")
    assert said is not None
    assert said.task == task_id(3)


def test_without_rows_the_task_is_told_by_its_word_and_the_usual_requests_are_the_runs() -> None:
    stages = learned(usual, rows=False)
    assert [stage.get("means") for stage in stages] == [None, "sent", "created", "saved"]
    assert "(?P<task>" in stages[2]["pattern"]


@pytest.mark.parametrize("separators", [(", ", ": "), (",", ":")])
def test_records_whose_words_come_last_are_told_apart_by_them(separators: tuple[str, str]) -> None:
    def record(number: int, said: str, level: int = 30, **more: str) -> str:
        head = {"level": level, "time": 1_700_000_000_000 + number, "pid": 4, "clip": clip_id(number)}
        return json.dumps(head | more | {"msg": said}, separators=separators)

    stages = learned(
        lambda n: [
            record(n, "clip in"),
            record(n, "picture fine", 20),
            record(n, "asking Runway"),
            record(n, "Runway took it", job=task_id(n)),
            record(n, "job noted"),
        ]
    )
    assert len(set(patterns(stages))) == len(stages) == 5
    assert [stage["means"] for stage in stages if "means" in stage] == ["sent", "created", "saved"]
    assert all(re.match(stages[2]["pattern"], record(7, said)) is None for said in ("clip in", "job noted"))


def test_what_a_record_says_of_an_id_tells_its_stage_from_other_lines_that_name_it() -> None:
    def record(said: str, **names: str) -> str:
        return json.dumps({"level": 30, "time": 1764500000000, **names, "msg": said}, separators=(",", ":"))

    def lines(number: int) -> list[str]:
        clip, task = clip_id(number), task_id(number)
        return [
            record(f"clip {clip} is taken in", clip=clip),
            record("asking Runway"),
            record(f"task {task} is there", task=task),
            record(f"clip {clip} has task {task}", clip=clip, task=task),
        ]

    first, *_, last = patterns(learned(lines))
    other = clip_id(99)
    assert re.match(first, record(f"clip {other} is taken in", clip=other))
    assert not re.match(first, record(f"how is clip {other} doing", clip=other))
    assert not re.match(first, record(f"clip {other} is gone", clip=other))
    assert re.match(last, record(f"clip {other} has task {task_id(99)}", clip=other, task=task_id(99)))


def test_without_rows_records_of_runs_are_told_from_others_by_their_keys() -> None:
    start = round(NOON.timestamp() * 1000)
    runs = [
        [{"level": 30, "secs": 5, "evt": "demande reçue"}, {"level": 30, "evt": "appel runway"},
         {"level": 30, "task": task_id(n), "evt": "tâche créée"}, {"level": 30, "evt": "enregistrée"}]
        for n in range(6)
    ]  # fmt: skip
    others = [[{"level": 30, "rows": n, "evt": "liste"}] for n in range(20)]
    entries = [
        LogEntry(start + number * 60_000 + place * 500, "info", json.dumps(record), f"request-{number}")
        for number, records in enumerate([*runs, *others])
        for place, record in enumerate(records)
    ]
    stages = learn_flow(runs_in(entries))["stages"]
    assert [stage["title"] for stage in stages][0::3] == ["secs demande reçue", "enregistrée"]
    assert len(stages) == 4


def test_no_stage_is_left_with_so_little_that_it_takes_the_lines_of_others() -> None:
    stages = learned(
        lambda n: [
            f"[jobs] {clip_id(n)} checked",
            f"[jobs] {clip_id(n)} -> POST image_to_video model=gen4_turbo ratio=1280:720",
            f'[jobs] {clip_id(n)} <- {{"id":"{task_id(n)}"}}',
            f"[jobs] {clip_id(n)} kept",
        ]
    )
    created = f'[jobs] {clip_id(9)} <- {{"id":"{task_id(9)}"}}'
    assert [stage.get("means") for stage in stages if re.match(stage["pattern"], created)] == ["created"]


def test_two_runs_are_too_few_and_strangers_have_nothing_in_common() -> None:
    with pytest.raises(ValueError, match="3 runs that worked or more, and there are 2"):
        learned(usual, runs=2)
    with pytest.raises(ValueError, match="fewer than two lines in common"):
        learned(lambda n: [f"{clip_id(n)} {'abcdef'[n]} line of its own"])


@pytest.mark.parametrize("filler", ["a ", "'", '"', "\\", "1", "{", "x=", " "])
def test_learned_patterns_and_learning_take_time_linear_in_a_message(filler: str) -> None:
    stages = learned(lambda n: [f'{{"wish": "cat {n}", "evt": "in", "id": "{clip_id(n)}"}}', *usual(n)])
    begun = time.process_time()
    for start in ['{"wish": "', "job ", "asking for ", "row ", ""]:
        for pattern in patterns(stages):
            re.match(pattern, start + filler * 50_000)
    learned(lambda n: [*usual(n), filler * 50_000])
    assert timedelta(seconds=time.process_time() - begun) < timedelta(seconds=2)
