"""Names and version of the files that keep what was observed; reading and writing is in `cache`.

Apart, so that whoever only moves such files about loads no decoder.
"""

from __future__ import annotations

from pathlib import Path

SCHEMA_VERSION = 2


def look_file(folder: Path, index: int) -> Path:
    """Where the first look at file `index` of a recording is kept."""
    return folder / f"look{index}.npz"


def observation_file(folder: Path, index: int) -> Path:
    """Where all that was observed in file `index` is kept."""
    return folder / f"view{index}.npz"


def crops_file(folder: Path, index: int) -> Path:
    """Where the crops of file `index` are kept, one raw picture after the other."""
    return folder / f"view{index}.raw"
