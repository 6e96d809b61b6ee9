from __future__ import annotations

import json
from pathlib import Path

import pytest

from lib.domain.alert import MEASURES, RULES, AlertRule, Breach, Observation, duration, evaluate
from lib.errors import BadInput
from lib.operations.alerts import load_rules

STUCK = AlertRule("stuck", "stuck_minutes", 30)
SUCCESS = AlertRule("success-rate", "success_percent", 80, least=5)


def test_a_rule_fires_only_beyond_its_limit() -> None:
    seen = [Observation("missing_api_key", 30.0, 2), Observation("never_polled", 30.1, 1)]
    assert [finding.subject for finding in evaluate(STUCK, seen)] == ["never_polled"]


def test_a_rate_fires_below_its_limit_and_only_with_enough_cases() -> None:
    assert evaluate(SUCCESS, [Observation("", 79.9, 5)])
    assert not evaluate(SUCCESS, [Observation("", 80.0, 5)])
    assert not evaluate(SUCCESS, [Observation("", 0.0, 4)])


def test_a_finding_says_what_is_wrong_in_words() -> None:
    (stuck,) = evaluate(STUCK, [Observation("missing_api_key", 200.0, 7)])
    assert stuck.text == "7 stuck (API key missing), the oldest for 3 hours."
    (rate,) = evaluate(SUCCESS, [Observation("", 42.4, 12)])
    assert rate.text == "42% of the 12 videos that finished in the last hour succeeded, less than 80%."


@pytest.mark.parametrize("measure", MEASURES)
def test_every_measure_has_words_for_a_finding(measure: str) -> None:
    finding = Breach(AlertRule("any", measure, 1), "worker-1", 90.0, 3)
    assert finding.text.endswith(".")
    assert "{" not in finding.text


def test_shipped_rules_have_keys_of_their_own() -> None:
    assert len({rule.key for rule in RULES}) == len(RULES)


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        (1, "1 minute"),
        (60, "1 hour"),
        (119, "119 minutes"),
        (150, "2 hours"),
        (1440, "1 day"),
        (4320, "3 days"),
    ],
)
def test_durations_are_said_as_people_say_them(minutes: float, said: str) -> None:
    assert duration(minutes) == said


def write(folder: Path, data: object) -> Path:
    file = folder / "rules.json"
    file.write_text(json.dumps(data))
    return file


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"measure": "moon"}, "measure: .*must be one of stuck_minutes, "),
        ({"limit": "many"}, "limit: .*number"),
        ({"limit": True}, "limit: .*number"),
        ({"limit": float("nan")}, "limit: .*less than"),
        ({"limit": 1e13}, "limit: .*less than"),
        ({"minutes": 0}, "minutes: .*greater than or equal to 1"),
        ({"minutes": 1.5}, "minutes: .*integer"),
        ({"least": True}, "least: .*integer"),
        ({"severity": "loud"}, "severity: .*'warning' or 'critical'"),
        ({"key": "a key"}, "key: .*pattern"),
        ({"key": ""}, "key: .*pattern"),
        ({"color": "red"}, "color: "),
    ],
)
def test_a_malformed_rule_is_refused_saying_why(
    tmp_path: Path, change: dict[str, object], complaint: str
) -> None:
    rule = {"key": "k", "measure": "stuck_minutes", "limit": 1} | change
    with pytest.raises(BadInput, match=rf"rules\.0\.{complaint}"):
        load_rules(write(tmp_path, {"rules": [rule]}))


def test_everything_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    rules = [{"key": "x"}, {"key": "y", "measure": "moon", "limit": "many"}]
    with pytest.raises(BadInput) as refused:
        load_rules(write(tmp_path, {"rules": rules, "off": ["sun"], "on": []}))
    wrong = ("rules.0.measure", "rules.0.limit", "rules.1.measure", "rules.1.limit", "off.0", "on")
    assert [where for where in wrong if f"{where}: " not in str(refused.value)] == []


def test_a_file_replaces_adds_and_switches_off_rules(tmp_path: Path) -> None:
    mine = {"key": "stuck", "measure": "stuck_minutes", "limit": 5, "severity": "critical"}
    another = {"key": "wave", "measure": "stuck_minutes", "limit": 1, "least": 50}
    rules = {
        rule.key: rule for rule in load_rules(write(tmp_path, {"rules": [mine, another], "off": ["budget"]}))
    }
    assert rules["stuck"].limit == 5
    assert rules["wave"].least == 50
    assert "budget" not in rules
    assert len(rules) == len(RULES)


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        ([], "should be an object"),
        ({"off": ["moon"]}, "must be one of stuck, success-rate, "),
        ({"rules": {}}, "rules: .*array"),
        ({"rules": [1]}, r"rules\.0: .*"),
        ({"rules": [{"key": "x"}]}, r"measure: Field required; rules\.0\.limit: Field required"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_saying_why(
    tmp_path: Path, data: object, complaint: str
) -> None:
    with pytest.raises(BadInput, match=complaint):
        load_rules(write(tmp_path, data))


def test_a_file_that_is_missing_or_no_json_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="DAILIES_ALERT_RULES"):
        load_rules(tmp_path / "none.json")
    file = tmp_path / "rules.json"
    file.write_text("{")
    with pytest.raises(BadInput, match="Invalid JSON"):
        load_rules(file)


def test_the_readme_names_every_measure() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    assert [name for name in MEASURES if f"`{name}`" not in readme] == []
