"""The verdict on a recording: single checks, their report, and how reports are brought together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from pydantic import BaseModel, ConfigDict

from models.capture.thresholds import Level, Limit
from models.movements import View

Verdict = Literal["ok", "usable_with_warning", "rejected"]
Stage = Literal["first", "full"]

_RANK: dict[Level, int] = {"ok": 0, "warning": 1, "reject": 2}


class QCCheck(BaseModel):
    """One check of one view and take; view or take are None when it is about all of them.

    `threshold` is the limit that was passed; `reason` and `next_step` are for a person and empty
    when the check is ok.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    view: View | None = None
    take: str | None = None
    value: float | None = None
    unit: str = ""
    threshold: float | None = None
    level: Level = "ok"
    reason: str = ""
    next_step: str = ""


class ExcludedSpan(BaseModel):
    """Moments `first` to `last` (both included) of the common clock that are not measured."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    first: int
    last: int
    start_s: float
    end_s: float
    reason: str


class QCReport(BaseModel):
    """All checks of a recording; the content of `qc.json`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_version: Literal[1] = 1
    stage: Stage
    checks: tuple[QCCheck, ...] = ()
    excluded: tuple[ExcludedSpan, ...] = ()
    verdict: Verdict = "ok"

    @classmethod
    def of(
        cls, stage: Stage, checks: Iterable[QCCheck], excluded: Iterable[ExcludedSpan] = ()
    ) -> QCReport:
        """The report of these checks, worst first, with its verdict.

        Of several checks of the same id, view and take the worst stands, the last of equals.
        """
        worst_of: dict[tuple[str, str | None, str | None], QCCheck] = {}
        for check in checks:
            key = (check.id, check.view, check.take)
            if key not in worst_of or _RANK[check.level] >= _RANK[worst_of[key].level]:
                worst_of[key] = check
        ordered = sorted(
            worst_of.values(), key=lambda c: (-_RANK[c.level], c.id, c.view or "", c.take or "")
        )
        worst = ordered[0].level if ordered else "ok"
        verdicts: dict[Level, Verdict] = {
            "ok": "ok",
            "warning": "usable_with_warning",
            "reject": "rejected",
        }
        return cls(
            stage=stage,
            checks=tuple(ordered),
            excluded=tuple(excluded),
            verdict=verdicts[worst],
        )

    def merged(self, later: QCReport) -> QCReport:
        """This report made stricter by a later one: of the same check the worse level stands."""
        stage: Stage = "full" if "full" in (self.stage, later.stage) else "first"
        return QCReport.of(stage, (*self.checks, *later.checks), later.excluded or self.excluded)

    def with_checks(self, checks: Iterable[QCCheck]) -> QCReport:
        """This report with more checks; none gets milder."""
        return self.merged(QCReport.of(self.stage, checks, self.excluded))

    @property
    def problems(self) -> tuple[QCCheck, ...]:
        """The checks that are not ok, worst first."""
        return tuple(check for check in self.checks if check.level != "ok")

    def of_take(self, take: str) -> Verdict:
        """The verdict on one take: its own checks and those about the whole recording."""
        return QCReport.of(self.stage, (c for c in self.checks if c.take in (None, take))).verdict


def limit_check(
    check_id: str,
    value: float,
    limit: Limit,
    *,
    unit: str,
    reason: str,
    next_step: str,
    view: View | None = None,
    take: str | None = None,
) -> QCCheck:
    """Compare a value with its limit; `reason` may hold {value} and {threshold}."""
    level, passed = limit.level(value)
    return QCCheck(
        id=check_id,
        view=view,
        take=take,
        value=round(value, 6),
        unit=unit,
        threshold=passed,
        level=level,
        reason="" if passed is None else reason.format(value=value, threshold=passed),
        next_step="" if passed is None else next_step,
    )
