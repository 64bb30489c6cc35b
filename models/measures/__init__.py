"""From a take to measures in millimetres with intervals; numpy only, no torch, no files."""

from models.measures.frame import SymmetryPlane, fit_symmetry_plane, head_frame, steady_head
from models.measures.positions import mesh_lid_gap_mm
from models.measures.segmentation import Repetition
from models.measures.table import CSV_HEADER, MeasureRow, csv_text, stamped
from models.measures.take import TakeMeasures, exact_take, measure_take

__all__ = [
    "CSV_HEADER",
    "MeasureRow",
    "Repetition",
    "SymmetryPlane",
    "TakeMeasures",
    "csv_text",
    "exact_take",
    "fit_symmetry_plane",
    "head_frame",
    "measure_take",
    "mesh_lid_gap_mm",
    "stamped",
    "steady_head",
]
