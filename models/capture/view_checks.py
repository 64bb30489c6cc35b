"""Checks of what the pictures show: face, direction, light, sharpness, other people, hands."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from models.capture.covering import EYES, MOUTH, covering
from models.capture.observation import ViewObservation
from models.capture.thresholds import Limit, Thresholds
from models.capture.verdict import QCCheck, limit_check
from models.movements import MOVEMENTS, View

_PERSISTENT_SHARE = 0.34
_FRONTAL_YAW_DEG = 25.0


def view_checks(
    observation: ViewObservation,
    view: View,
    inside: NDArray[np.bool_],
    take: str | None,
    limits: Thresholds,
) -> list[QCCheck]:
    """Checks of one view in the frames `inside` (N,) of a take."""
    if not inside.any():
        return []
    seen = inside & observation.seen
    if not seen.any():
        return [
            QCCheck(
                id="face_missing",
                view=view,
                take=take,
                value=1.0,
                unit="1",
                threshold=limits.face_missing_share.reject,
                level="reject",
                reason="No face was found.",
                next_step="Film the whole face, upright, in even light.",
            )
        ]

    def check(
        name: str, value: float, limit: Limit, unit: str, reason: str, next_step: str
    ) -> QCCheck:
        return limit_check(
            name,
            value,
            limit,
            unit=unit,
            reason=reason,
            next_step=next_step,
            view=view,
            take=take,
        )

    quality = observation.quality
    yaw_deg = float(np.median(observation.yaw_deg[seen]))
    lighter = abs(float(np.median(quality.light_balance[seen])))
    light = "Use even light from the front."
    steady = "Let the patient sit upright and look into the front camera."
    checks = [
        check(
            "face_missing",
            1.0 - float(seen.sum() / inside.sum()),
            limits.face_missing_share,
            "1",
            "The face is missing in {value:.0%} of the pictures (limit {threshold:.0%}).",
            "Keep the whole face in the picture and free of hands.",
        ),
        check(
            "iris_diameter",
            float(np.median(quality.iris_px[seen])),
            limits.iris_px,
            "{px}",
            "The iris is {value:.0f} pixels wide; {threshold:.0f} are needed.",
            "Bring the camera nearer or raise its resolution.",
        ),
        check(
            "roll",
            abs(float(np.median(observation.roll_deg[seen]))),
            limits.roll_deg,
            "deg",
            "The head is tilted by {value:.0f} degrees (limit {threshold:.0f}).",
            steady,
        ),
        check(
            "pitch",
            abs(float(np.median(observation.pitch_deg[seen]))),
            limits.pitch_deg,
            "deg",
            "The head is nodded by {value:.0f} degrees (limit {threshold:.0f}).",
            steady,
        ),
        check(
            "blur",
            float(np.median(quality.sharpness[seen])),
            limits.sharpness,
            "1",
            "The face is blurred.",
            "Focus on the face, use a shorter exposure and a tripod.",
        ),
        check(
            "overexposed",
            float(np.median(quality.clipped_share[seen])),
            limits.clipped_share,
            "1",
            "{value:.0%} of the face is white without detail.",
            "Lower the exposure. " + light,
        ),
        check(
            "underexposed",
            float(np.median(quality.dark_share[seen])),
            limits.dark_share,
            "1",
            "{value:.0%} of the face is black without detail.",
            "Raise the exposure. " + light,
        ),
        check(
            "dark_face",
            float(np.median(quality.face_luma[seen])),
            limits.face_luma_least,
            "1",
            "The face is dark (brightness {value:.0f} of 255).",
            "Raise the exposure. " + light,
        ),
        *_second_face_check(observation, view, inside, take, limits),
    ]
    if abs(yaw_deg) < _FRONTAL_YAW_DEG:
        # From the side a half of the face is dark by itself, and the bridge of the nose an outline.
        checks.append(
            check(
                "glasses",
                float(np.median(quality.bridge_edge[seen])),
                limits.bridge_edge,
                "1",
                "Something crosses the bridge of the nose, probably glasses.",
                "Take the glasses off.",
            )
        )
        checks.append(
            check(
                "brows_hidden",
                float(np.median(quality.brow_difference[seen])),
                limits.brow_difference,
                "1",
                "A brow can't be told surely, perhaps for hair or glasses before it.",
                "Hold the hair back and take glasses off.",
            )
        )
        checks.append(
            check(
                "uneven_light",
                float(np.exp(lighter)),
                limits.light_ratio,
                "1",
                "One half of the face is {value:.1f} times as bright as the other.",
                light,
            )
        )
    if view != "center":
        toward = yaw_deg if view == "left" else -yaw_deg
        aim = "Put the side cameras at 40 to 45 degrees."
        for name, limit in (
            ("side_yaw_least", limits.side_yaw_least_deg),
            ("side_yaw_most", limits.side_yaw_most_deg),
        ):
            reason = "The side camera sees the face at {value:.0f} degrees (limit {threshold:.0f})."
            checks.append(check(name, toward, limit, "deg", reason, aim))
    return checks


def _second_face_check(
    observation: ViewObservation,
    view: View,
    inside: NDArray[np.bool_],
    take: str | None,
    limits: Thresholds,
) -> list[QCCheck]:
    """Another person in the picture counts when seen in about a third of the searches."""
    heights = observation.quality.second_face[inside]
    heights = np.sort(heights[np.isfinite(heights)])[::-1]
    if heights.size == 0:
        return []
    often = max(min(2, heights.size), int(np.ceil(_PERSISTENT_SHARE * heights.size)))
    value = float(heights[often - 1])
    limit = limits.second_face_height
    too_large = limit.reject is not None and value > limit.reject
    return [
        limit_check(
            "second_face",
            value,
            limit,
            unit="1",
            view=view,
            take=take,
            reason="A second face of {value:.0%} of the patient's size is in the picture."
            if too_large
            else "A second, smaller face is in the picture and was ignored.",
            next_step="Let only the patient be in the picture.",
        )
    ]


def front_checks(
    observations: Mapping[View, ViewObservation],
    inside: Mapping[View, NDArray[np.bool_]],
    take: str | None,
    limits: Thresholds,
) -> list[QCCheck]:
    """Whether there is a view from the front, and how frontal it is."""
    if "center" not in observations:
        return [
            QCCheck(
                id="front_view",
                take=take,
                level="warning",
                reason="There is no view from the front.",
                next_step="Add a camera in front of the patient.",
            )
        ]
    observation = observations["center"]
    seen = observation.seen & inside["center"]
    if not seen.any():
        return []
    yaw_deg = abs(float(np.median(observation.yaw_deg[seen])))
    limit = limits.front_yaw_deg
    profile = limit.reject is not None and yaw_deg > limit.reject and len(observations) == 1
    return [
        limit_check(
            "front_yaw",
            yaw_deg,
            limit,
            unit="deg",
            view="center",
            take=take,
            reason="The only view shows the face from the side, at {value:.0f} degrees."
            if profile
            else "The camera in front sees the face at {value:.0f} degrees "
            "(limit {threshold:.0f}).",
            next_step="Put one camera straight in front of the patient.",
        )
    ]


def covering_checks(
    observations: Mapping[View, ViewObservation],
    inside: Mapping[View, NDArray[np.bool_]],
    take: str | None,
    movement_id: str | None,
    limits: Thresholds,
) -> list[QCCheck]:
    """How much of a take mouth and eyes are covered, each in the view that sees it best."""
    movement = MOVEMENTS.get(movement_id or "")
    checks = []
    for part, name, limit, hint in (
        (MOUTH, "mouth_covered", limits.mouth_covered_share, "hand, mask or microphone"),
        (EYES[0], "left_eye_covered", limits.eye_covered_share, "hand, hair or glasses"),
        (EYES[1], "right_eye_covered", limits.eye_covered_share, "hand, hair or glasses"),
    ):
        shares = [
            covering(observation, part, limits).share(inside[view])
            for view, observation in observations.items()
        ]
        known = [share for share in shares if np.isfinite(share)]
        if not known:
            continue
        if movement is not None and not part.regions & set(movement.target_regions):
            limit = limit.model_copy(update={"reject": None})
        checks.append(
            limit_check(
                name,
                min(known),
                limit,
                unit="1",
                take=take,
                reason=f"Something covers {part.title} in {{value:.0%}} of the pictures; they are "
                "not measured.",
                next_step=f"Record again without {hint} before it.",
            )
        )
    return checks
