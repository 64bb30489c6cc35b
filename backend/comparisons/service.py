"""Two visits against each other, as far as their results may be compared at all."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from sqlalchemy.orm import Session

from backend.access import Caller, Permission
from backend.analyses import service as analyses
from backend.analyses.repository import Placed
from backend.analyses.starting import start_all
from backend.comparisons import repository
from backend.comparisons.errors import ModelVersionsDifferError, NotOnePatientError
from backend.comparisons.schemas import (
    ChangeRead,
    ChangeSort,
    ComparisonRead,
    EstimateRead,
    MovementPair,
    ReferenceLine,
    VisitPlace,
)
from backend.db.models import Analysis, Measure, RowSide, Verdict, Visit
from backend.kit.errors import InvalidError, NotFoundError, ServiceError
from backend.kit.pagination import Page, Paging
from models.errors import UnusableInputError
from models.measures.comparison import Change, Estimate, change
from models.measures.reference import DEFAULT_PATH, ReferenceLines, read_reference_lines

_ONLY_ONE = "Only one of the visits has an analysis of this movement."
_OTHER_MODEL = "The two were analysed with different models. Repeat the analyses to compare them."


class ReferenceLinesError(ServiceError):
    """The site's file with reference lines can't be used."""

    code = "reference_lines"
    title = "Reference lines not readable"


@dataclass(frozen=True)
class Pair:
    """The analyses that stand for one movement in two visits."""

    movement: str
    before: Placed | None
    after: Placed | None

    @property
    def of_both(self) -> tuple[Analysis, Analysis] | None:
        """Both analyses, None when one visit has none."""
        if self.before is None or self.after is None:
            return None
        return self.before.analysis, self.after.analysis


def compare(session: Session, caller: Caller, before_id: UUID, after_id: UUID) -> ComparisonRead:
    """What there is to compare in two visits; raises NotFoundError, InvalidError."""
    before, after = two_visits(session, caller, before_id, after_id)
    places = visit_places(session, caller, before.patient_id)
    pairs = [_pair_read(pair, caller) for pair in pairs_of(session, caller, before, after)]
    return ComparisonRead(
        patient_id=before.patient_id,
        before=places[before.id],
        after=places[after.id],
        movements=pairs,
        rerun_offered=any(pair.reason == _OTHER_MODEL for pair in pairs),
    )


def changes(
    session: Session,
    caller: Caller,
    before_id: UUID,
    after_id: UUID,
    paging: Paging,
    lines: ReferenceLines,
    *,
    movements: Collection[str] = (),
    measures: Collection[str] = (),
    regions: Collection[str] = (),
    sides: Collection[RowSide] = (),
    sort: ChangeSort = ChangeSort.MOVEMENT,
) -> Page[ChangeRead]:
    """The changes of all measures that both visits have.

    Raises NotFoundError, InvalidError, and ModelVersionsDifferError when any of the movements
    asked for were analysed with different models.
    """
    before, after = two_visits(session, caller, before_id, after_id)
    pairs = [
        both
        for pair in pairs_of(session, caller, before, after)
        if (both := pair.of_both) is not None and (not movements or pair.movement in movements)
    ]
    refuse_other_models(pairs)
    partner = {first.id: second.id for first, second in pairs}
    rows = repository.measures(
        session,
        caller,
        [*partner, *partner.values()],
        names=measures,
        regions=regions,
        sides=sides,
    )
    found = {(row.analysis_id, row.measure, row.side, row.region): row for row in rows}
    changed = [
        change_read(row, later, lines)
        for row in rows
        if (later_id := partner.get(row.analysis_id)) is not None
        and (later := found.get((later_id, row.measure, row.side, row.region))) is not None
    ]
    if sort is ChangeSort.MAGNITUDE:
        changed.sort(key=lambda one: -1.0 if one.difference is None else abs(one.difference))
        changed.reverse()
    return paging.page(changed[paging.offset : paging.offset + paging.limit], len(changed))


def rerun(
    session: Session,
    caller: Caller,
    before_id: UUID,
    after_id: UUID,
    movements: Collection[str] = (),
) -> list[UUID]:
    """Repeat the analyses of all movements that were analysed with different models.

    Both visits' takes are repeated: then both have the present model, whichever it is. Returns
    the jobs. Raises as `compare` and as starting an analysis does.
    """
    comparing = caller.acting(Permission.COMPARE)
    before, after = two_visits(session, comparing, before_id, after_id)
    take_ids = [
        analysis.take_id
        for pair in pairs_of(session, comparing, before, after)
        if (both := pair.of_both) is not None
        and not same_model(*both)
        and (not movements or pair.movement in movements)
        for analysis in both
    ]
    return [job.id for job in start_all(session, caller, take_ids)]


def two_visits(
    session: Session, caller: Caller, before_id: UUID, after_id: UUID
) -> tuple[Visit, Visit]:
    """Two visits of one patient; raises NotFoundError, InvalidError."""
    before = repository.visit(session, caller, before_id)
    after = repository.visit(session, caller, after_id)
    if before is None or after is None:
        raise NotFoundError
    if before.id == after.id:
        raise InvalidError("This is one and the same visit.", "Choose two different visits.")
    if before.patient_id != after.patient_id:
        raise NotOnePatientError
    return before, after


def pairs_of(session: Session, caller: Caller, before: Visit, after: Visit) -> list[Pair]:
    """Of each movement that one of the visits has the analyses that stand for it."""
    chosen = analyses.representative(session, caller, before.patient_id, (before.id, after.id))
    by_visit: dict[UUID, dict[str, Placed]] = {before.id: {}, after.id: {}}
    for one in chosen:
        by_visit[one.analysis.visit_id][one.analysis.movement] = one
    names = dict.fromkeys([*by_visit[before.id], *by_visit[after.id]])
    return [
        Pair(name, by_visit[before.id].get(name), by_visit[after.id].get(name)) for name in names
    ]


def visit_places(session: Session, caller: Caller, patient_id: UUID) -> dict[UUID, VisitPlace]:
    """The patient's visits in time, by id."""
    visits = repository.visits(session, caller, patient_id)
    hidden = analyses.is_pseudonymous(caller)
    return {
        visit.id: VisitPlace(
            id=visit.id,
            number=number,
            day=(visit.visited_on - visits[0].visited_on).days,
            visited_on=None if hidden else visit.visited_on,
        )
        for number, visit in enumerate(visits, start=1)
    }


def same_model(one: Analysis, other: Analysis) -> bool:
    """Whether two results can be told apart by what was filmed alone."""
    return all(
        getattr(one, name) == getattr(other, name)
        for name in ("model_name", "model_version", "code_version", "weights", "topology")
    )


def refuse_other_models(pairs: Iterable[tuple[Analysis, Analysis]]) -> None:
    """Raise ModelVersionsDifferError unless both analyses of each pair have one model."""
    different = [before.movement for before, after in pairs if not same_model(before, after)]
    if different:
        raise ModelVersionsDifferError.of(different)


def reference_lines(path: Path | None) -> ReferenceLines:
    """The site's reference lines, or the shipped ones; raises ReferenceLinesError."""
    try:
        return read_reference_lines(path or DEFAULT_PATH)
    except UnusableInputError as error:
        raise ReferenceLinesError(error.message, error.next_step) from error


def change_read(before: Measure, after: Measure, lines: ReferenceLines) -> ChangeRead:
    """The change between two rows of the same measure."""
    error = lines.error_of(before.measure, before.movement, before.unit)
    judged = change(_estimate(before), _estimate(after), error)
    if Verdict.REJECTED in (before.qc, after.qc):
        judged = Change(
            judged.difference,
            judged.ci_lo,
            judged.ci_hi,
            "unknown",
            "Quality control rejected one of the takes.",
        )
    return ChangeRead(
        movement=before.movement,
        measure=before.measure,
        side=before.side,
        region=before.region,
        unit=before.unit,
        before=_estimate_read(before),
        after=_estimate_read(after),
        difference=judged.difference,
        ci_lo=judged.ci_lo,
        ci_hi=judged.ci_hi,
        verdict=judged.verdict,
        reason=judged.reason,
        mdc95=None if error is None else ReferenceLine(value=error.mdc95, source=error.source),
    )


def _pair_read(pair: Pair, caller: Caller) -> MovementPair:
    both = pair.of_both
    comparable = both is not None and same_model(*both)
    reason = "" if comparable else (_ONLY_ONE if both is None else _OTHER_MODEL)
    return MovementPair(
        movement=pair.movement,
        before=None if pair.before is None else analyses.brief(pair.before, caller),
        after=None if pair.after is None else analyses.brief(pair.after, caller),
        comparable=comparable,
        reason=reason,
        same_scale=both is not None and _scale(both[0]) == _scale(both[1]),
    )


def _scale(analysis: Analysis) -> float:
    return float(analysis.summary["scale"]["factor"])


def _estimate(row: Measure) -> Estimate:
    return Estimate(row.value, row.ci_lo, row.ci_hi)


def _estimate_read(row: Measure) -> EstimateRead:
    return EstimateRead(
        value=row.value, ci_lo=row.ci_lo, ci_hi=row.ci_hi, qc=row.qc, reason=row.reason
    )
