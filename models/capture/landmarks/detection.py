"""Where faces may be: probing squares of an image at several scales and turns, then merging.

The detector network sees 128 px squares and finds faces of 13 to 100 % of a square, turned by up
to about 35 degrees. It also takes some patterns for faces: its finds are candidates, which
``landmarker.py`` confirms.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.capture.landmarks.sessions import AssetNetwork
from models.capture.landmarks.warp import Image, SquareRegion, warp_region

_SIZE = 128
_MIN_SCORE = 0.5
_MERGE_OVERLAP = 0.3
# Faces of this share of a square were found 12 times in 12, of 0.10 9 times.
_SMALLEST_SHARE = 0.13
# Smaller faces have nothing to measure, and narrow images would need squares without end.
_SMALLEST_FACE_PX = 12.0
_BATCH = 16
# A face whose centre is nearer to a border than this share of the square may be cut by it.
_CUT = 0.2
# Keypoints: right eye, left eye, nose tip, mouth, right ear, left ear.
_MIRROR = np.array([1, 0, 2, 3, 5, 4])


@dataclass(frozen=True)
class FaceDetection:
    """A face as the detector sees it; ``score`` is 0-1.

    ``box_px``: left, top, right, bottom in full-frame px. ``keypoints_px`` (6, 2): the subject's
    right eye, left eye, nose tip, mouth, right ear, left ear.
    """

    box_px: NDArray[np.float64]
    keypoints_px: NDArray[np.float64]
    score: float

    @property
    def height_px(self) -> float:
        return float(self.box_px[3] - self.box_px[1])


class FaceDetector:
    """The short-range detector, run on each square and on its mirror image."""

    def __init__(self, threads: int = 1) -> None:
        self._network = AssetNetwork("face_detection_onnx", threads)
        self._anchors = _anchors()

    def probe(self, image: Image, squares: Sequence[SquareRegion]) -> list[FaceDetection]:
        """Return the merged faces that the detector sees in ``squares``, largest first."""
        boxes, keypoints, scores = [], [], []
        for start in range(0, len(squares), _BATCH):
            chunk = squares[start : start + _BATCH]
            planes = np.stack([warp_region(image, s, _SIZE, outside="black") for s in chunk])
            batch = np.concatenate([planes, planes[..., ::-1]])
            batch = (batch / 127.5 - 1).astype(np.float32)
            raw, logits = self._network(batch)
            for i, square in enumerate(chunk):
                for index, flipped in ((i, False), (i + len(chunk), True)):
                    found = self._decode(raw[index], logits[index, :, 0], square, flipped, image)
                    boxes.append(found[0])
                    keypoints.append(found[1])
                    scores.append(found[2])
        if not boxes:
            return []
        return _merge(np.concatenate(boxes), np.concatenate(keypoints), np.concatenate(scores))

    def _decode(
        self,
        raw: NDArray[np.float32],
        logits: NDArray[np.float32],
        square: SquareRegion,
        flipped: bool,
        image: Image,
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return boxes (n, 4), keypoints (n, 6, 2) in full-frame px, and scores (n,)."""
        score = 1 / (1 + np.exp(-np.clip(logits.astype(np.float64), -100, 100)))
        keep = score > _MIN_SCORE
        table = raw[keep].astype(np.float64).reshape(-1, 8, 2)
        points = table[:, [0, 2, 3, 4, 5, 6, 7]] + self._anchors[keep][:, None] * _SIZE
        if flipped:
            points[..., 0] = _SIZE - points[..., 0]
            points[:, 1:] = points[:, 1:][:, _MIRROR]
        height, width = image.shape[:2]
        inside = _whole(points[:, 0], square, width, height)
        frame = square.to_frame(points[inside], _SIZE)
        half = table[inside, 1] * (square.side_px / _SIZE / 2)
        boxes = np.concatenate([frame[:, 0] - half, frame[:, 0] + half], 1)
        return boxes, frame[:, 1:], score[keep][inside]


def search_stages(width: int, height: int) -> Iterator[list[SquareRegion]]:
    """Yield lists of squares from the likely to the rare: near, far, and turned faces."""
    seen: list[SquareRegion] = []
    for fraction in (0.3, 0.1):
        fresh = [s for s in upright_squares(width, height, fraction * height) if s not in seen]
        seen += fresh
        yield fresh
    yield last_resort_squares(width, height)


def upright_squares(width: int, height: int, smallest_px: float) -> list[SquareRegion]:
    """Return level squares that show each face of ``smallest_px`` or more large enough and whole.

    The first is the whole image; each finer layer is at most 3 x smaller, half overlapping.
    """
    longest = float(max(width, height))
    finest = max(smallest_px, _SMALLEST_FACE_PX) / _SMALLEST_SHARE
    layers = max(math.ceil(math.log(longest / finest, 3)), 0)
    sides = [
        longest * (finest / longest) ** (k / layers) if k else longest for k in range(layers + 1)
    ]
    return [
        SquareRegion(x, y, side)
        for side in sides
        for x in _centres(width, side)
        for y in _centres(height, side)
    ]


def last_resort_squares(width: int, height: int) -> list[SquareRegion]:
    """Return squares that find frame-filling faces and heads lying on a side or upside down."""
    longest = float(max(width, height))
    x, y = width / 2, height / 2
    turned = [SquareRegion(x, y, 1.2 * longest, k * math.pi / 4) for k in (-1, 1, -2, 2, -3, 3, 4)]
    return [SquareRegion(x, y, 1.7 * longest), *turned]


def _centres(length: int, side: float) -> list[float]:
    """Return evenly spaced, symmetric centres of squares that cover ``length``."""
    if side >= length:
        return [length / 2]
    count = math.ceil((length - side) / (side / 2)) + 1
    step = (length - side) / (count - 1)
    return [length / 2 + step * (i - (count - 1) / 2) for i in range(count)]


def _whole(
    centres: NDArray[np.float64], square: SquareRegion, width: int, height: int
) -> NDArray[np.bool_]:
    """Tell which faces are not cut by a border of the square that lies inside the image.

    A neighbouring square shows such a face whole.
    """
    whole = np.ones(len(centres), np.bool_)
    if square.roll_rad:
        return whole
    spans = ((square.x_px, width), (square.y_px, height))
    for at, (middle, length) in zip(centres.T / _SIZE, spans, strict=True):
        if middle - square.side_px / 2 > 1:
            whole &= at > _CUT
        if middle + square.side_px / 2 < length - 1:
            whole &= at < 1 - _CUT
    return whole


def _merge(
    boxes: NDArray[np.float64], keypoints: NDArray[np.float64], scores: NDArray[np.float64]
) -> list[FaceDetection]:
    """Weighted non-maximum suppression: overlapping finds become their score-weighted mean."""
    pending = np.argsort(-scores, kind="stable")
    faces = []
    while len(pending):
        together = _overlap(boxes[pending[0]], boxes[pending]) > _MERGE_OVERLAP
        group = pending[together]
        share = scores[group] / scores[group].sum()
        faces.append(
            FaceDetection(
                share @ boxes[group],
                np.einsum("n,nkc->kc", share, keypoints[group]),
                float(scores[group[0]]),
            )
        )
        pending = pending[~together]
    return sorted(faces, key=lambda face: -face.height_px)


def _overlap(box: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return intersection over union, or over the smaller box where one contains the other."""
    low, high = np.maximum(box[:2], others[:, :2]), np.minimum(box[2:], others[:, 2:])
    shared = np.clip(high - low, 0, None).prod(1)
    area, areas = (box[2:] - box[:2]).prod(), (others[:, 2:] - others[:, :2]).prod(1)
    union = area + areas - shared
    return np.where(shared > 0.8 * np.minimum(area, areas), 1.0, shared / union)


def _anchors() -> NDArray[np.float64]:
    """Return (896, 2) anchor centres in the unit square: 2 per cell of 16 x 16, 6 of 8 x 8."""
    layers = []
    for cells, repeats in ((16, 2), (8, 6)):
        y, x = np.mgrid[:cells, :cells]
        centres = (np.stack([x.ravel(), y.ravel()], 1) + 0.5) / cells
        layers.append(np.repeat(centres, repeats, axis=0))
    return np.concatenate(layers)
