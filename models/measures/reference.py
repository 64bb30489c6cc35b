"""Reference lines: how large a change must be to be real, and to be seen; a site can edit them.

The measurement error (MDC95) should come from the site's own repeated takes; the shipped values
are labelled with their source. Source: `clinical.md`, "Reliability to reach and to show".
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from models.assets import FOLDER
from models.errors import UnusableInputError

DEFAULT_PATH = FOLDER / "measures" / "reference_lines.json"

Size = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    measures: tuple[str, ...]
    unit: str
    source: str


class MeasurementError(_Line):
    """The smallest change between two recordings that is real with 95 % confidence.

    `movements` None means any movement.
    """

    movements: tuple[str, ...] | None
    mdc95: Size


class Perception(_Line):
    """The difference that other people notice."""

    threshold: Size


class ReferenceLines(BaseModel):
    """All reference lines; of several that fit a measure the first stands."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    measurement_error: tuple[MeasurementError, ...]
    perception: tuple[Perception, ...]

    def error_of(self, measure: str, movement: str, unit: str) -> MeasurementError | None:
        """The measurement error of a measure in a movement, or None when nobody knows it."""
        for line in self.measurement_error:
            fits = measure in line.measures and unit == line.unit
            if fits and (line.movements is None or movement in line.movements):
                return line
        return None

    def perception_of(self, measure: str, unit: str) -> Perception | None:
        """What others notice of a measure, or None when nobody knows it."""
        for line in self.perception:
            if measure in line.measures and unit == line.unit:
                return line
        return None


@cache
def read_reference_lines(path: Path = DEFAULT_PATH) -> ReferenceLines:
    """A site's reference lines, or the shipped ones; raises UnusableInputError."""
    try:
        return ReferenceLines.model_validate_json(path.read_bytes())
    except OSError as error:
        raise UnusableInputError(
            "The file with the reference lines can't be read.", "Check its path."
        ) from error
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(str(part) for part in fault["loc"]) or "the file"
        raise UnusableInputError(
            f"The reference lines are wrong at {place}: {fault['msg']}.",
            "Correct the file after the example of the shipped one.",
        ) from error
