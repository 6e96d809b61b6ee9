"""Diagnosis: from all that is known of a video to a verdict, by an ordered table of small rules."""

from __future__ import annotations

from lib.domain.diagnosis.dossier import Dossier
from lib.domain.diagnosis.rules import RULES
from lib.domain.diagnosis.verdict import Confidence, Evidence, Finding, Source, Verdict, is_stuck

__all__ = ["RULES", "Confidence", "Dossier", "Evidence", "Finding", "Source", "Verdict", "judge"]


def judge(dossier: Dossier) -> Verdict:
    """The verdict of the first rule that finds something; the last one always does."""
    rule, finding = next((rule, found) for rule in RULES if (found := rule.test(dossier)))
    return Verdict(
        video_id=dossier.video.id,
        cause=finding.cause,
        confidence=_sure(finding, dossier),
        rule=rule.name,
        explanation=rule.explanation,
        evidence=finding.evidence,
        trace=dossier.trace,
        stuck=is_stuck(dossier.video, finding.cause),
        judged_at=dossier.now,
        recoverable_runway_id=dossier.lost_task,
        candidate_runway_ids=dossier.candidates,
        recheck_at=finding.recheck_at,
    )


def _sure(finding: Finding, dossier: Dossier) -> Confidence:
    """Of nothing else can one be certain while a task of the logs may be this video's."""
    doubtful = dossier.candidates and finding.cause != "task_id_not_saved"
    if doubtful and finding.confidence is Confidence.CERTAIN:
        return Confidence.LIKELY
    return finding.confidence
