"""Flows: which stage a message is."""

from __future__ import annotations

import pytest

from lib.domain.flow import Flow, FlowStage, Means, StageReader, literal_prefix
from tests.stories import ANNA, FLOWS, READER, run


@pytest.mark.parametrize("flow", FLOWS)
def test_every_line_of_a_run_is_the_next_stage_of_its_flow(flow: str) -> None:
    positions = [READER.read(entry.message)[flow] for entry in run(flow)]
    assert positions == list(range(len(READER.flows[flow].stages)))


def test_a_line_that_flows_share_is_read_for_each_of_them() -> None:
    found = READER.read("[Runway API] generateVideo function called")
    assert set(found) == set(FLOWS)


def test_a_message_about_something_else_is_no_stage() -> None:
    assert not READER.read("[Email] Welcome sent")
    assert not READER.read("[Runway API] Response status: 404 Not Found")
    assert not READER.read("[Runway API] Task created with ID: undefined")


def test_a_stage_is_found_inside_a_wrapped_message() -> None:
    wrapped = f"START RequestId: 7\n[Video Generation] Starting video generation for video {ANNA}\nEND"
    assert READER.read(wrapped) == {"sync-sdk": 0}


@pytest.mark.parametrize("lead", ["", "  ", "[info] ", "2026-05-04T10:00:00.123Z INFO ", "λ "])
def test_a_logger_may_write_before_a_stage(lead: str) -> None:
    assert READER.read(f"{lead}[Runway API] generateVideo function called")


@pytest.mark.parametrize(
    "before",
    [
        "Prompt: ",
        "[Video Generation] Environment ok for prompt '",
        "[Upload] caption { text: '",
        "a line of mine\n",
        "x" * 5_000,
    ],
)
def test_a_stage_that_a_user_wrote_into_a_line_is_none(before: str) -> None:
    assert not READER.read(f"{before}[Runway API] Task created with ID: 97d25ccf-7ae1-4f57-a5d7-bd49d4004691")


@pytest.mark.parametrize(
    ("pattern", "literal"),
    [
        (r"\[Worker\] Job", "[Worker] Job"),
        (r"Response status: 2\d\d", "Response status: 2"),
        (r"Jobs? taken", "Job"),
        (r"^\[Worker\] Job", "[Worker] Job"),
        (r"\d+ jobs", ""),
        (r"one|two", ""),
        (r"(?i)job", ""),
        (r"Job.*done", "Job"),
    ],
)
def test_the_literal_prefix_is_what_every_match_begins_with(pattern: str, literal: str) -> None:
    assert literal_prefix(pattern) == literal


def test_a_flow_knows_where_it_sends_and_what_tells_it_apart() -> None:
    stages = (FlowStage("a", "A", "A"), FlowStage("b", "B", "B", Means.SENT))
    flow = Flow("letters", "Letters", stages, signs=("Z", "Y"))
    assert flow.first_that_means(Means.SENT) == 1
    assert flow.first_that_means(Means.SAVED) is None
    assert flow.is_sign("Yes")
    assert not flow.is_sign("xZ, xY")
    assert StageReader([flow]).read("B!") == {"letters": 1}
