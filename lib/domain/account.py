"""What Runway's account says about an attempt whose outcome nobody knows: its numbers before and after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from lib.domain.video import parse_time


@dataclass(frozen=True, slots=True)
class AccountReading:
    """The account at one moment: credits, and generations of the attempt's model in the 24 hours before."""

    at: datetime
    balance: float
    generations: int | None

    def as_json(self) -> dict[str, Any]:
        return {"at": self.at.isoformat(), "balance": self.balance, "generations": self.generations}


@dataclass(frozen=True, slots=True)
class Around:
    """Both readings of an attempt; `others` tasks of its model, and `other_credits`, are explained by other
    attempts in between."""

    before: AccountReading | None
    after: AccountReading | None
    others: int = 0
    other_credits: float = 0.0

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Around:
        read = {m: row[m] and {**row[m], "at": parse_time(row[m]["at"])} for m in ("before", "after")}
        return msgspec.convert({**row, **read}, cls, strict=False)


class Hint(StrEnum):
    CREATED = "created"  # the account moved as if the task exists
    NOTHING = "nothing"  # the account did not move
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Outlook:
    """A hint, never a proof: `text` says what it rests on. `may_change`: if the account is read again."""

    hint: Hint
    text: str
    may_change: bool = True


_MOVERS = "Videos the production app made meanwhile and refunds move these numbers too."
_ADVICE = {
    Hint.CREATED: "It looks as if the task exists: look for its id before paying again.",
    Hint.NOTHING: "It looks as if nothing was created.",
    Hint.UNDECIDED: "That is inconclusive.",
}


def outlook(around: Around, credits: float) -> Outlook:
    """Whether the account moved by what the attempt would have cost, beyond what is explained."""
    before, after = around.before, around.after
    if before is None:
        text = "The account was not read before the call, so its balance says nothing."
        return Outlook(Hint.UNDECIDED, text, may_change=False)
    if after is None:
        text = f"Before the call the balance was {before.balance:,.0f} credits. Read it again to compare."
        return Outlook(Hint.UNDECIDED, text)
    hint = _hint(before, after, around, credits)
    return Outlook(hint, f"{_told(before, after, around)} {_ADVICE[hint]} {_MOVERS}")


def _hint(before: AccountReading, after: AccountReading, around: Around, credits: float) -> Hint:
    """Undecided as well where nobody counted generations, or the 24 hours let some go."""
    fell = before.balance - after.balance - around.other_credits
    if before.generations is None or after.generations is None:
        return Hint.UNDECIDED
    rose = after.generations - before.generations - around.others
    if rose >= 1 and fell >= credits:
        return Hint.CREATED
    return Hint.NOTHING if rose == 0 and abs(fell) < 1 else Hint.UNDECIDED


def _told(before: AccountReading, after: AccountReading, around: Around) -> str:
    counted = f", generations of the day {before.generations} → {after.generations}"
    known = f" (of that, {around.others} and {around.other_credits:,.0f} credits by other attempts)"
    return (
        f"Balance {before.balance:,.0f} → {after.balance:,.0f} credits"
        + (counted if None not in (before.generations, after.generations) else "")
        + (known if around.others or around.other_credits else "")
        + "."
    )
