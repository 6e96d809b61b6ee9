"""Diagnosis: from all that is known of a video to a verdict, by an ordered table of small rules."""

from __future__ import annotations

from lib.domain.cause import CAUSES, Action
from lib.domain.diagnosis.case import Case
from lib.domain.diagnosis.rules import RULES
from lib.domain.diagnosis.verdict import Confidence, Evidence, Finding, Source, Verdict, is_stuck

__all__ = ["RULES", "Case", "Confidence", "Evidence", "Finding", "Source", "Verdict", "judge"]

_PAYS = frozenset({Action.RETRY, Action.RETRY_LATER})


def judge(case: Case) -> Verdict:
    """The verdict of the first rule that finds something; the last one always does."""
    rule, finding = next((rule, found) for rule in RULES if (found := rule.test(case)))
    action = finding.action or CAUSES[finding.cause].action
    return Verdict(
        video_id=case.video.id,
        cause=finding.cause,
        confidence=finding.confidence,
        action=Action.INVESTIGATE if case.candidates and action in _PAYS else action,
        rule=rule.name,
        explanation=rule.explanation,
        evidence=finding.evidence,
        trace=case.trace,
        stuck=is_stuck(case.video, finding.cause),
        judged_at=case.now,
        recoverable_runway_id=case.lost_task,
        candidate_runway_ids=case.candidates,
        recheck_at=finding.recheck_at,
    )
