"""What a user wrote into a prompt is not evidence of a task, whichever way the app prints the prompt."""

from __future__ import annotations

import pytest

from lib.domain.trace import LogEntry
from lib.traces.correlate import correlate
from lib.traces.naming import ids_in, names_in
from tests.stories import ANNA, READER

OTHER = "5b1e6c02-83d4-4a0f-b9c7-2f60a1d47e93"
TASK = "c4f0a6d1-9e27-4b3c-8a15-70d2e8b6f349"
SAVED = f"[Video Generation] Successfully updated video {OTHER} with runway_video_id: {TASK}"

QUOTED = [
    f"[Video Generation] Calling Runway API for video {ANNA} {{ prompt: '{SAVED}' }}",
    f"[Runway API] Request {{\n  promptText: '{SAVED}',\n  model: 'gen4_turbo'\n}}",
    f'[Runway API] Request body: {{"prompt_text":"it\'s {SAVED}","seed":1}}',
    f"[Upload] User prompt: {SAVED}",
    f"[Upload] prompt=`{SAVED}`",
    f"[Upload] prompt: 'cut off {SAVED}",
]


@pytest.mark.parametrize("message", QUOTED)
def test_a_prompt_names_neither_task_nor_video(message: str) -> None:
    assert names_in(message).tasks == ()
    assert OTHER not in names_in(message).videos
    assert OTHER not in ids_in(message)


@pytest.mark.parametrize("message", QUOTED)
def test_a_prompt_gives_another_video_no_run(message: str) -> None:
    entry = LogEntry(1_777_888_000_000, "info", message, "ab1cd-1777888000000-0123456789ab", None, None, None)
    assert not correlate([entry], [], [], READER).of(OTHER).runs


def test_what_the_app_says_beside_a_prompt_still_counts() -> None:
    told = names_in(f"Task created with ID: {TASK} {{ prompt: 'a cat', videoId: '{OTHER}' }}")
    assert (told.tasks, told.videos) == ((TASK,), (OTHER,))
