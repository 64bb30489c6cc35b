"""What a person asks of a reconstruction, and the readers of the small files that go with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from models.errors import UnusableInputError
from models.movements import MOVEMENTS, AffectedSide, View

MAX_FILE_BYTES = 32 * 2**20
N_LANDMARKS = 478


@dataclass(frozen=True)
class LabelledFile:
    """A video or still; `label` is the view its owner says it is, None when told by yaw."""

    path: Path
    label: View | None = None


@dataclass(frozen=True)
class TakeSpan:
    """A time span of a recording with one movement, in seconds of the common clock."""

    movement: str
    start_s: float
    end_s: float


@dataclass(frozen=True)
class KnownDistance:
    """A distance that can be entered: the two landmarks it joins and what is believable in mm."""

    landmarks: tuple[int, int]
    plausible_mm: tuple[float, float]
    meaning: str


KNOWN_DISTANCES: dict[str, KnownDistance] = {
    "outer_canthi": KnownDistance((33, 263), (60, 130), "between the outer corners of the eyes"),
    "inner_canthi": KnownDistance((133, 362), (15, 55), "between the inner corners of the eyes"),
    "pupils": KnownDistance((468, 473), (35, 85), "between the centres of the pupils"),
    "iris_left": KnownDistance((474, 476), (8, 15), "width of the patient's left iris"),
    "iris_right": KnownDistance((469, 471), (8, 15), "width of the patient's right iris"),
    "mouth_width": KnownDistance((61, 291), (25, 90), "between the corners of the mouth at rest"),
}


@dataclass(frozen=True)
class ReconstructionRequest:
    """Everything that decides a reconstruction; equal requests on equal files give equal results.

    subject: of the same person, used whole; scale_of: such a file of which the scale alone is used.
    takes: spans, or None for one take over the whole recording; movement: of that one take, or
        None when unknown. offsets_s: seconds to add to a view's clock. known_distances_mm: by a
        name of `KNOWN_DISTANCES`. device: auto, cpu or cuda. force: go on where quality control
        rejects. overlay: also write overlay videos. fields: also write the per-vertex fields and
        the curves that a viewer shows. propose_takes: only propose cuts.
    """

    files: tuple[LabelledFile, ...]
    takes: tuple[TakeSpan, ...] | None = None
    movement: str | None = None
    affected_side: AffectedSide | None = None
    calibration: Path | None = None
    iris_mm: float | None = None
    subject: Path | None = None
    scale_of: Path | None = None
    corrections: Path | None = None
    offsets_s: Mapping[str, float] = field(default_factory=dict)
    known_distances_mm: Mapping[str, float] = field(default_factory=dict)
    age_years: float | None = None
    head_model: Path | None = None
    device: str = "auto"
    force: bool = False
    overlay: bool = True
    fields: bool = False
    propose_takes: bool = False


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def known_movement(movement: str) -> str:
    """The movement's id when the protocol has it; raises UnusableInputError otherwise."""
    if movement not in MOVEMENTS:
        raise UnusableInputError(
            f"There is no movement {movement!r} in the protocol.",
            f"Choose one of: {', '.join(MOVEMENTS)}.",
        )
    return movement


def known_distance(name: str, distance_mm: float) -> tuple[str, float]:
    """A believable distance by its name; raises UnusableInputError otherwise."""
    kind = KNOWN_DISTANCES.get(name)
    if kind is None:
        raise UnusableInputError(
            f"There is no distance named {name!r}.",
            f"Choose one of: {', '.join(KNOWN_DISTANCES)}.",
        )
    lowest, highest = kind.plausible_mm
    if not lowest <= distance_mm <= highest:
        raise UnusableInputError(
            f"{distance_mm:g} mm {kind.meaning} is not believable.",
            f"Enter millimetres between {lowest:g} and {highest:g}.",
        )
    return name, distance_mm


Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
# Over four hours at 60 frames a second: a larger number is a slip, not a frame.
FrameIndex = Annotated[int, Field(ge=0, le=1_000_000)]
Pixel = Annotated[float, Field(allow_inf_nan=False)]


class _TakeEntry(_Strict):
    movement: str
    start_s: Seconds
    end_s: Seconds

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> _TakeEntry:
        if self.end_s <= self.start_s:
            raise ValueError("end_s must be after start_s")
        return self


class ExcludedFrames(_Strict):
    """Frames `first` to `last`, both included, that must not be measured, and why."""

    first: FrameIndex
    last: FrameIndex
    reason: str = "excluded by the reviewer"

    @model_validator(mode="after")
    def _in_order(self) -> ExcludedFrames:
        if self.last < self.first:
            raise ValueError("last must not be before first")
        return self


class LandmarkOverride(_Strict):
    """Landmarks of one view and frame put right by a person: index -> x, y in pixels."""

    view: View
    frame: FrameIndex
    points: dict[Annotated[int, Field(ge=0, lt=N_LANDMARKS)], tuple[Pixel, Pixel]]


class Corrections(_Strict):
    """What a reviewer changes; frames count from 0 on the common clock of the recording.

    A rest frame counts for the take whose span holds it; at most one a take is used.
    """

    excluded_frames: tuple[ExcludedFrames, ...] = ()
    rest_frames: tuple[FrameIndex, ...] = ()
    landmarks: tuple[LandmarkOverride, ...] = ()

    def exclusions(self) -> dict[int, str]:
        """Frame -> reason for every excluded frame."""
        return {
            frame: span.reason
            for span in self.excluded_frames
            for frame in range(span.first, span.last + 1)
        }


Parsed = TypeVar("Parsed")


def read_json(path: Path, schema: TypeAdapter[Parsed], what: str) -> Parsed:
    """Read a small JSON file by `schema`; `what` names the kind of file for a person.

    Raises UnusableInputError with the first thing that is wrong and where it stands.
    """
    guide = "The format is described in docs/files.md."
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise UnusableInputError(f"The {what} {path} is too large to be one.", guide)
        return schema.validate_json(path.read_bytes())
    except OSError as error:
        raise UnusableInputError(
            f"The {what} {path} cannot be read: {error.strerror}.", "Check the path."
        ) from error
    except ValidationError as error:
        raise UnusableInputError(
            f"The {what} {path} is not valid: {_first_fault(error)}.", guide
        ) from error


def _first_fault(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    place = " -> ".join(_place(part) for part in first["loc"])
    message = first["msg"].removeprefix("Value error, ")
    return f"at {place}: {message}" if place else message


def _place(part: int | str) -> str:
    return f"entry {part + 1}" if isinstance(part, int) else str(part)


def read_takes(path: Path) -> tuple[TakeSpan, ...]:
    """The spans of a takes file, in time order; raises UnusableInputError."""
    entries = read_json(path, TypeAdapter(tuple[_TakeEntry, ...]), "takes file")
    if not entries:
        raise UnusableInputError(f"The takes file {path} names no take.", "Add one, or leave it.")
    spans = sorted(
        (TakeSpan(known_movement(e.movement), e.start_s, e.end_s) for e in entries),
        key=lambda span: span.start_s,
    )
    _refuse_overlap(spans, path)
    return tuple(spans)


def _refuse_overlap(spans: Iterable[TakeSpan], path: Path) -> None:
    previous: TakeSpan | None = None
    for span in spans:
        if previous is not None and span.start_s < previous.end_s:
            raise UnusableInputError(
                f"In the takes file {path} the take {span.movement} at {span.start_s:g} s begins "
                f"before {previous.movement} ends at {previous.end_s:g} s.",
                "Cut the takes so that they follow each other.",
            )
        previous = span


def read_corrections(path: Path) -> Corrections:
    """A reviewer's corrections; raises UnusableInputError."""
    return read_json(path, TypeAdapter(Corrections), "corrections file")
