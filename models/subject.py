"""The subject file: what is fixed for a person, written by one run and reused by the next."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from models.errors import UnusableInputError
from models.reconstruction import Subject
from models.request import read_json

SCHEMA_VERSION = 1
# Millimetres; the mesh stream keeps 0.01 mm, so this loses nothing.
OFFSET_DECIMALS = 4

Finite = Annotated[float, Field(allow_inf_nan=False)]


class _SubjectFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_version: int
    head_model: dict[str, str]
    identity: tuple[Finite, ...]
    scale: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    scale_sigma: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    scale_source: str
    plane: tuple[Finite, Finite, Finite, Finite]
    eye_radius_mm: tuple[Finite, Finite]
    static_offset_mm: tuple[tuple[Finite, Finite, Finite], ...]


def read_subject(path: Path) -> Subject:
    """A subject file; raises UnusableInputError. The head model is for the caller to compare."""
    stored = read_json(path, TypeAdapter(_SubjectFile), "subject file")
    if stored.schema_version != SCHEMA_VERSION:
        raise UnusableInputError(
            f"The subject file {path} has version {stored.schema_version}; this program reads "
            f"version {SCHEMA_VERSION}.",
            "Write it anew: reconstruct the first visit again without --subject.",
        )
    return Subject(
        identity=np.array(stored.identity, dtype=np.float64),
        static_offset_mm=np.array(stored.static_offset_mm, dtype=np.float64).reshape(-1, 3),
        scale=stored.scale,
        scale_sigma=stored.scale_sigma,
        scale_source=stored.scale_source,
        plane=np.array(stored.plane, dtype=np.float64),
        eye_radius_mm=stored.eye_radius_mm,
        head_model=stored.head_model,
    )


def write_subject(subject: Subject, path: Path) -> None:
    """Write a subject file that `read_subject` gives back (offsets to 0.0001 mm)."""
    stored = {
        "schema_version": SCHEMA_VERSION,
        "head_model": dict(subject.head_model),
        "identity": subject.identity.tolist(),
        "scale": subject.scale,
        "scale_sigma": subject.scale_sigma,
        "scale_source": subject.scale_source,
        "plane": subject.plane.tolist(),
        "eye_radius_mm": list(subject.eye_radius_mm),
        "static_offset_mm": np.round(subject.static_offset_mm, OFFSET_DECIMALS).tolist(),
    }
    path.write_text(json.dumps(stored, allow_nan=False) + "\n", encoding="utf-8")
