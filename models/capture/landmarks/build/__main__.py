"""Rebuilds the committed landmark assets: ``python -m models.capture.landmarks.build --help``.

Inputs, both Apache-2.0 and pinned by SHA-256:
``pip download --no-deps --python-version 3.12 --only-binary :all: mediapipe==0.10.21`` and
``npm pack @mediapipe/face_mesh@0.4.1657299874`` (its canonical face is in no Python package).
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from safetensors.numpy import save_file

from models.capture.landmarks.build.canonical import METADATA_NAME, canonical_face
from models.capture.landmarks.build.export_onnx import export_graph
from models.capture.landmarks.build.extract import ExtractedGraph, Step, extract_graph

WHEEL_SHA256 = "956eb1ebc275c629e61b085b2cab89c3a5b9e93bad1bb107348d98dafb5a4bb5"
FACE_MESH_SHA256 = "c08a7e0742a326285da666cf81d77c8b6f3a181a2ee948cadaf166008e0d3bc7"
_DETECTION = "mediapipe/modules/face_detection/face_detection_short_range.tflite"
_LANDMARKS = "mediapipe/modules/face_landmark/face_landmark_with_attention.tflite"
_REGIONS = ["lips", "left_eye", "right_eye", "left_iris", "right_iris"]
_ASSETS = Path(__file__).parents[3] / "assets"
_WHEEL_SOURCE = "mediapipe 0.10.21 (PyPI wheel), graph re-expressed, weights unchanged"
_FACE_MESH_SOURCE = "@mediapipe/face_mesh 0.4.1657299874 (npm), geometry metadata"


def main() -> None:
    parser = argparse.ArgumentParser(description="Rebuild the committed landmark assets.")
    parser.add_argument("--wheel", type=Path, required=True, help="mediapipe 0.10.21 wheel")
    parser.add_argument("--face-mesh", type=Path, required=True, help="npm face_mesh package")
    parser.add_argument("--assets", type=Path, default=_ASSETS, help="models/assets folder")
    arguments = parser.parse_args()
    folder = arguments.assets / "landmarks"
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(io.BytesIO(_pinned(arguments.wheel, WHEEL_SHA256))) as wheel:
        graphs = {
            "face_detection": _detection_graph(extract_graph(wheel.read(_DETECTION))),
            "face_landmarks": _landmark_graph(extract_graph(wheel.read(_LANDMARKS))),
        }
    entries = []
    for name, graph in graphs.items():
        weights, network = folder / f"{name}.safetensors", folder / f"{name}.onnx"
        save_file(graph.weights, weights, {"graph": json.dumps(graph.metadata())})
        onnx.save(export_graph(graph, name), network)
        entries += [_entry(weights, _WHEEL_SOURCE), _entry(network, _WHEEL_SOURCE)]
    face = folder / "canonical_face.npz"
    np.savez(face, **_canonical(_pinned(arguments.face_mesh, FACE_MESH_SHA256)))
    entries.append(_entry(face, _FACE_MESH_SOURCE))
    _update_manifest(arguments.assets / "manifest.json", entries)


def _pinned(path: Path, sha256: str) -> bytes:
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != sha256:
        raise SystemExit(f"{path.name} is not the pinned file (SHA-256 {sha256}).")
    return data


def _detection_graph(graph: ExtractedGraph) -> ExtractedGraph:
    names = {"boxes": "regressors", "logits": "classificators"}
    return replace(
        graph,
        outputs={name: graph.outputs[old] for name, old in names.items()},
        output_shapes={name: graph.output_shapes[old] for name, old in names.items()},
    )


def _landmark_graph(graph: ExtractedGraph) -> ExtractedGraph:
    """Append the step that joins mesh, refined regions and irises to 478 points."""
    transforms = [step for step in graph.program if step["op"] == "region_transform"]
    subsets: list[list[int]] = [step["options"]["subset_idxs"] for step in transforms]
    sources = list(range(468))
    start = 468
    for subset in subsets:
        for place, landmark in enumerate(subset):
            sources[landmark] = start + place
        start += len(subset)
    sources += range(start, start + 10)
    program = [*graph.program]
    regions = []
    for region in _REGIONS:
        # The points before they were flattened for output.
        flattened = next(s for s in program if s["out"] == graph.outputs["output_" + region])
        program.remove(flattened)
        regions.append(flattened["in"][0])
    mesh: Step = {
        "op": "reshape",
        "in": [graph.outputs["output_mesh_identity"]],
        "out": "mesh",
        "shape": [468, 3],
        "from_image": True,
    }
    refine: Step = {
        "op": "refine_landmarks",
        "in": ["mesh", *regions],
        "out": "joined",
        "sources": sources,
        # The first 16 points of an eye region are the contour of the eye.
        "iris_contours": [subset[:16] for subset in subsets[1:]],
    }
    presence: Step = {
        "op": "reshape",
        "in": [graph.outputs["conv_faceflag"]],
        "out": "presence",
        "shape": [],
        "from_image": True,
    }
    return replace(
        graph,
        program=[*program, mesh, refine, presence],
        outputs={"landmarks": "joined", "presence_logit": "presence"},
        output_shapes={"landmarks": [478, 3], "presence_logit": []},
    )


def _canonical(package: bytes) -> dict[str, Any]:
    """Cut the geometry metadata out of the packed assets by the loader's table of contents."""
    with tarfile.open(fileobj=io.BytesIO(package)) as archive:
        stem = "package/face_mesh_solution_packed_assets"
        packed, loader = (
            archive.extractfile(stem + ".data"),
            archive.extractfile(stem + "_loader.js"),
        )
        assert packed is not None
        assert loader is not None
        listing = loader.read()
        at = listing.index(METADATA_NAME)
        start = int(listing[listing.index(b'"start": ', at) + 9 :].split(b",", 1)[0])
        end = int(listing[listing.index(b'"end": ', at) + 7 :].split(b"}", 1)[0])
        return canonical_face(packed.read()[start:end])


def _entry(path: Path, source: str) -> dict[str, str]:
    return {
        "name": path.stem + ("" if path.suffix != ".onnx" else "_onnx"),
        "file": f"landmarks/{path.name}",
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "licence": "Apache-2.0",
        "source": source,
        "built_by": "models.capture.landmarks.build",
    }


def _update_manifest(path: Path, entries: list[dict[str, str]]) -> None:
    """Replace this script's entries and keep everyone else's."""
    manifest = json.loads(path.read_text()) if path.exists() else {"assets": []}
    ours = {entry["file"] for entry in entries}
    kept = [entry for entry in manifest["assets"] if entry["file"] not in ours]
    path.write_text(json.dumps({**manifest, "assets": kept + entries}, indent=2) + "\n")


if __name__ == "__main__":
    main()
