"""Runs whose lines never name their video, and words of users that look like the app's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from lib.domain.diagnosis import judge
from lib.domain.repair import assess
from lib.domain.trace import LogEntry
from lib.domain.video import Video
from lib.operations.dossiers import dossiers_of_files
from lib.traces.correlate import VideoLog, correlate
from tests.apps import app_of
from tests.stories import ANNA, ANNAS_TASK, BELA, BELAS_TASK, READER, START, error, line, ms, row, run

OTHER_IMAGE = "https://images.example.com/portraits/mia-in-the-garden.jpg"


def nameless(
    task: str | None = ANNAS_TASK,
    *,
    shows: str = "",
    request: str = "req-n",
    begin: float = 0.2,
    before: int = 5,
    stages: int = 10,
) -> list[LogEntry]:
    """The part of a run in which Runway's client logs, and no line names the video."""
    lines = run("async-sdk", task=task or "", request=request, begin=begin, stages=stages)[before:]
    picture = (
        [line(f"[Runway API] Config: {{ imageUrl: '{shows}' }}", begin + 0.65, request)] if shows else []
    )
    return sorted([*lines, *picture], key=lambda entry: entry.at_ms)


def logs_of(video: str, entries: Sequence[LogEntry], videos: Sequence[Video]) -> VideoLog:
    return correlate(entries, (), videos, READER).of(video)


def pays(entries: Sequence[LogEntry], videos: Sequence[Video]) -> dict[str, bool]:
    later = START.replace(hour=START.hour + 3)
    entries = [*entries, line("GET /api/health 200", 3 * 3600, "req-late")]
    found = dossiers_of_files(app_of(), videos, correlate(entries, (), videos, READER), (), later)
    return {each.video.id: assess(each).repair.pays for each in found}


def test_a_run_that_shows_the_picture_of_one_row_only_is_that_rows() -> None:
    videos = [row(ANNA), row(BELA, input_image_url=OTHER_IMAGE)]
    log = logs_of(BELA, nameless(shows=OTHER_IMAGE), videos)
    assert [one.tasks for one in log.runs] == [{ANNAS_TASK}]
    assert logs_of(ANNA, nameless(shows=OTHER_IMAGE), videos) == VideoLog()


def test_a_request_that_shows_one_rows_picture_and_stops_was_cut_off_and_is_not_paid_for_again() -> None:
    videos = [row(ANNA), row(BELA, input_image_url=OTHER_IMAGE)]
    entries = [*nameless(shows=OTHER_IMAGE, stages=8), line("GET /api/health 200", 3 * 3600, "req-late")]
    later = START.replace(hour=START.hour + 3)
    found = dossiers_of_files(app_of(), videos, correlate(entries, (), videos, READER), (), later)
    bela = next(each for each in found if each.video.id == BELA)
    assert judge(bela).cause == "function_terminated"
    assert not assess(bela).repair.pays


def test_a_picture_of_two_rows_makes_its_task_a_candidate_of_both() -> None:
    videos = [row(ANNA, input_image_url=OTHER_IMAGE), row(BELA, input_image_url=OTHER_IMAGE)]
    for video in (ANNA, BELA):
        log = logs_of(video, nameless(shows=OTHER_IMAGE), videos)
        assert log.candidates == (ANNAS_TASK,)
        assert not any(one.tasks for one in log.runs)


def test_a_task_of_a_nameless_run_is_never_left_unmentioned() -> None:
    videos = [row(ANNA), row(BELA)]
    for video in (ANNA, BELA):
        assert logs_of(video, nameless(), videos).candidates == (ANNAS_TASK,)


def test_a_task_that_is_nobodys_is_named_with_every_row_that_may_have_it() -> None:
    (one,) = correlate(nameless(), (), [row(ANNA), row(BELA)], READER).nobodys
    assert (one.task_id, set(one.candidates)) == (ANNAS_TASK, {ANNA, BELA})
    assert one.entry.message == f"[Runway API] Task created with ID: {ANNAS_TASK}"


@pytest.mark.parametrize("begin", [100, 50 * 60])
def test_a_task_that_is_nobodys_keeps_every_row_that_waited_from_being_paid_for_again(begin: float) -> None:
    videos = [row(f"{number:08x}-5555-4000-8000-000000000005") for number in range(60)]
    killed = [
        each
        for number, video in enumerate(videos)
        for each in run("async-sdk", video.id, stages=4, request=f"req-{number}")
    ]
    assert all(pays(killed, videos).values())
    made = line(f"cron: created task {ANNAS_TASK}", begin, "req-cron")
    assert not any(pays([*killed, made], videos).values())


@pytest.mark.parametrize(
    "rows", [[], [row(BELA, runway_video_id=BELAS_TASK)], [row(BELA, created_at=START - timedelta(days=1))]]
)
@pytest.mark.parametrize("request_id", ["req-n", None])
def test_a_task_is_nobodys_although_no_row_waited_for_one(rows: list[Video], request_id: str | None) -> None:
    entries = [each._replace(request_id=request_id) for each in nameless()]
    (one,) = correlate(entries, (), rows, READER).nobodys
    assert (one.task_id, one.candidates) == (ANNAS_TASK, ())


def test_a_task_that_a_line_or_a_row_gives_to_a_video_is_not_nobodys() -> None:
    named = correlate(run("sync-sdk", stages=10), (), [], READER)
    in_a_row = correlate(nameless(), (), [row(ANNA, runway_video_id=ANNAS_TASK)], READER)
    assert named.nobodys == in_a_row.nobodys == ()


def test_a_task_that_another_request_names_may_be_the_one_that_a_logged_row_waits_for() -> None:
    waits = run("async-sdk", stages=4)
    worker = line(f"[worker] created Runway task {ANNAS_TASK}", 300, "req-worker")
    assert logs_of(ANNA, [*waits, worker], [row()]).candidates == (ANNAS_TASK,)
    assert pays(waits, [row()]) == {ANNA: True}
    assert pays([*waits, worker], [row()]) == {ANNA: False}


@pytest.mark.parametrize(
    "answer",
    [
        f"{{ id: '{ANNAS_TASK}', estimatedCost: {{ credits: 25 }} }}",
        f"GET https://api.dev.runwayml.com/v1/tasks/{ANNAS_TASK} 200",
        f"created {ANNAS_TASK}",
        f"[worker] job {{ videoId: '{ANNA}', result: {{ id: '{ANNAS_TASK}' }} }}",
    ],
)
def test_a_task_among_a_runs_lines_is_a_candidate_in_whatever_words(answer: str) -> None:
    lines = [*run("async-sdk", stages=4), line(answer, 1)]
    assert logs_of(ANNA, lines, [row()]).candidates == (ANNAS_TASK,)


def test_what_a_request_logged_of_the_call_is_perhaps_its_one_videos_though_it_lacks_a_line_before() -> None:
    """The line that names the video before the call is known from another video's run only."""
    belas = [
        each
        for each in run("async-sdk", BELA, BELAS_TASK, stages=10, request="req-b", begin=60)
        if "Calling Runway API for video" not in each.message
    ]
    annas = run("async-sdk", stages=5, begin=90)
    assert pays([*belas, *annas], [row(), row(BELA)])[BELA] is False


def test_two_readings_of_a_text_leave_both_tasks_nobodys() -> None:
    lost = [
        each._replace(request_id=None)
        for video, task, begin in ((ANNA, ANNAS_TASK, 0), (BELA, BELAS_TASK, 0.05))
        for each in run("async-sdk", video, task, begin=begin, stages=10)
    ]
    found = correlate(lost, (), [row(ANNA), row(BELA)], READER).nobodys
    assert {one.task_id: set(one.candidates) for one in found} == {
        ANNAS_TASK: {ANNA, BELA},
        BELAS_TASK: {ANNA, BELA},
    }


def test_a_row_that_has_its_task_is_no_owner_of_anothers() -> None:
    videos = [row(ANNA, runway_video_id=BELAS_TASK), row(BELA)]
    assert ANNAS_TASK not in logs_of(ANNA, nameless(), videos).candidates
    assert ANNAS_TASK in logs_of(BELA, nameless(), videos).candidates


def test_a_run_that_is_only_likely_a_videos_proves_nothing() -> None:
    cut = nameless(None, stages=7)
    named = [each._replace(request_id="req-n") for each in run("async-sdk", stages=7)]
    assert pays(named, [row(ANNA)]) == {ANNA: True}
    assert pays(cut, [row(ANNA)]) == {ANNA: False}


def test_a_run_told_by_its_picture_alone_proves_nothing_either() -> None:
    cut = nameless(None, stages=7, shows=OTHER_IMAGE, before=0)
    cut = [each for each in cut if ANNA not in each.message]
    assert pays(cut, [row(ANNA, input_image_url=OTHER_IMAGE)]) == {ANNA: False}


IMITATED = f"[Video Generation] Successfully saved runway_video_id for video {BELA}: {BELAS_TASK}"


@pytest.mark.parametrize(
    "says",
    [
        "[Video Generation] Prompt: {}",
        "[Video Generation] Request: {{ prompt: '{}' }}",
        'Body {{"promptText":"{}","duration":5}}',
        "prompt={}",
        "Prompt: a cat\n{}",
        '[Runway API] Prompt text for generation: "{}"',
    ],
)
def test_a_prompt_that_imitates_a_line_says_nothing_of_another_video(says: str) -> None:
    prompt = line(says.format(IMITATED), 0.75)
    entries = [*run("async-sdk", stages=8), prompt, error("Error: socket hang up", 0.9)]
    found = correlate(entries, (), [row(ANNA), row(BELA)], READER)
    assert found.of(BELA).runs == ()
    (anna,) = found.of(ANNA).runs
    assert anna.tasks == set()
    assert sorted(anna.filled["async-sdk"]) == list(range(8))


def test_a_long_text_without_request_ids_keeps_few_runs_in_view() -> None:
    """Runs that stopped for good are passed over once, however many there are."""
    stopped = [
        entry._replace(request_id=None, at_ms=ms(number))
        for number in range(400)
        for entry in run("async-sdk", f"{number:08x}-1111-4000-8000-000000000001", stages=6)
    ]
    last = run("async-sdk", BELA, BELAS_TASK, begin=4000)
    text = [*stopped, *(entry._replace(request_id=None) for entry in last)]
    (bela,) = logs_of(BELA, text, []).runs
    assert sorted(bela.filled["async-sdk"]) == list(range(16))
