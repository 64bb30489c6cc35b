"""ONNX Runtime sessions of the committed networks, opened when first used."""

from __future__ import annotations

import os
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.assets import verified_path

# ONNX Runtime's packages send usage data to their maker, and keep a device identifier, unless
# this is set before the library is loaded; switching it off later is too late.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime


class AssetNetwork:
    """One committed network on the CPU; the file's SHA-256 is checked before it is opened."""

    def __init__(self, asset: str, threads: int) -> None:
        self._asset = asset
        self._threads = threads

    def __call__(self, images: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """Run a batch (B, 3, H, W) and return the outputs in the file's order."""
        outputs: list[NDArray[np.float32]] = self._session.run(None, {"image": images})
        return outputs

    @cached_property
    def _session(self) -> Any:
        options = onnxruntime.SessionOptions()  # type: ignore[attr-defined]
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        # Idle threads must not spin: other processes share the cores.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        return onnxruntime.InferenceSession(  # type: ignore[attr-defined]
            verified_path(self._asset), options, providers=["CPUExecutionProvider"]
        )
