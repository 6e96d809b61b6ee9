"""What is looked for only where it may be is found as if it were looked for everywhere."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from lib.domain.asked import _PAIR, _pairs_in
from lib.domain.memo import may_hold

_WORDS = """
model Model RATIO duration prompt_text promptImage image_uri videoUri target_framerate scaleFactor resolution
character reference generation _ x \u017f \u0130 : = " \\" ' ` { } , 5 https://a.b/c
"""
_PARTS = (*_WORDS.split(), ": ", " = ", "{ uri: ", ", ", "\n", " ")
texts = st.lists(st.sampled_from(_PARTS), max_size=24).map("".join)


@given(texts)
def test_pairs_are_found_behind_their_names_as_by_the_whole_pattern(text: str) -> None:
    assert _pairs_in(text) == _PAIR.findall(text)


@given(texts, st.sampled_from(("model", "resolution", "reference")))
def test_what_a_pattern_matches_may_be_held(text: str, word: str) -> None:
    assert may_hold(text, [word]) or not re.search(word, text, re.I)
