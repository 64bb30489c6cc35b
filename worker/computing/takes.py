"""First looks and reconstructions, as the child does them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from models.capture.cache import remembering
from models.capture.qc import TakeWindow, first_verdict
from models.capture.thresholds import default_thresholds
from models.fit.basis import FaceBasis
from models.head.model import load_head
from models.pipeline import reconstruct
from worker.child_main import Report
from worker.computing.orders import LookOrder, TakeOrder


def warm() -> None:
    """Bring what every reconstruction needs into memory."""
    FaceBasis(load_head())


def first_look(arguments: Mapping[str, Any], report: Report) -> Mapping[str, Any]:
    """Judge a recording by about five pictures a second; returns nothing beside the files.

    A recording of photographs needs no first look: nothing is written.
    """
    order = LookOrder.model_validate(arguments)
    with remembering(order.cache)([video.path for video in order.videos]) as readers:
        looks = readers.look(lambda share: report("first_look", share))
    if all(look.media.kind == "still" for look in looks):
        return {}
    labels = [video.view for video in order.videos]
    for number, (movement, start_s, end_s) in enumerate(order.takes):
        # The name that the take has in its own reconstruction.
        window = TakeWindow(
            "01",
            movement,
            -np.inf if start_s is None else start_s,
            np.inf if end_s is None else end_s,
        )
        verdict = first_verdict(looks, labels, default_thresholds(), [window])
        path = order.out / f"qc_{number}.json"
        path.write_text(verdict.model_dump_json(), encoding="utf-8")
    return {}


def reconstruct_take(arguments: Mapping[str, Any], report: Report) -> Mapping[str, Any]:
    """Reconstruct a take into its folder; returns nothing beside the files."""
    order = TakeOrder.model_validate(arguments)
    reconstruct(order.request(), order.out, report, read=remembering(order.cache))
    return {}
