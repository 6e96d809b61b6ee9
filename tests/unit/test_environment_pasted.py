"""Variables of another environment are checked from what somebody pastes."""

from __future__ import annotations

import pytest

from lib.operations.environment.pasted import check_pasted, read_variables
from lib.operations.environment.settings import Level

KEY = "key_" + "ab" * 64
GOOD = f'''# of the app
export RUNWAY_API_KEY="{KEY}"
NEXT_PUBLIC_SUPABASE_URL=https://ballet.supabase.co
SUPABASE_SERVICE_ROLE_KEY=sb_secret_swan
RUNWAY_MODEL_ID=gen4_turbo
'''
LISTED = """
 name                        value       environments          created
 RUNWAY_API_KEY              Encrypted   Preview               3d ago
 NEXT_PUBLIC_SUPABASE_URL    Encrypted   Production, Preview   3d ago
 SUPABASE_SERVICE_ROLE_KEY   Encrypted   Production            3d ago
"""


def wrong(text: str) -> dict[str, str]:
    return {
        check.code: check.found for check in check_pasted(text) if check.level in (Level.ERROR, Level.WARNING)
    }


def test_an_environment_in_order_is_told_so_without_its_secrets() -> None:
    assert wrong(GOOD) == {}
    told = " ".join(map(str, check_pasted(GOOD)))
    assert "RUNWAY_API_KEY is set and has the right shape" in told
    assert KEY not in told
    assert "sb_secret_swan" not in told


@pytest.mark.parametrize(
    ("text", "code", "found"),
    [
        (GOOD.replace("export RUNWAY_API_KEY", "OTHER"), "E502", "RUNWAY_API_KEY is missing"),
        (GOOD.replace(f'"{KEY}"', ""), "E503", "RUNWAY_API_KEY is empty"),
        (GOOD.replace(KEY, "key_short"), "E102", "is not key_ followed"),
        (GOOD.replace("sb_secret", "sb_publishable"), "E115", "is the publishable key"),
        (GOOD.replace("https://ballet", "ballet"), "E113", "is not a web address"),
        (GOOD + "RUNWAY_BASE_URL=https://api.runwayml.com/v1", "E104", "wrong host"),
        (GOOD + "NEXT_PUBLIC_RUNWAY_API_KEY=x", "E504", "sent to every browser"),
        (GOOD.replace("export RUNWAY_API_KEY", "RUNWAY_APIKEY"), "E505", "looks like RUNWAY_API_KEY"),
        (LISTED, "E506", "RUNWAY_API_KEY is not set for Production"),
        ("hello", "E501", "No variable was found"),
        ("", "E501", "No variable was found"),
    ],
)
def test_what_is_wrong_is_named(text: str, code: str, found: str) -> None:
    assert found in wrong(text)[code]


def test_a_list_without_values_says_nothing_of_their_shape() -> None:
    assert set(wrong(LISTED)) == {"E506"}


def test_a_text_of_any_length_is_read_at_once() -> None:
    assert read_variables("A=" * 1_000_000)[0]
