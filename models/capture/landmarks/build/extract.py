"""Extraction of a TFLite graph as a short program plus named half-precision weights.

The program is a list of plain dictionaries that ``network.py`` executes in PyTorch and
``export_onnx.py`` writes as ONNX; both work on (batch, channel, height, width).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.capture.landmarks.build.flatbuffer import Table, read_flexbuffer_map

Step = dict[str, Any]
Weights = dict[str, NDArray[np.float16]]

_ADD, _CONCAT, _CONV, _DEPTHWISE, _DEQUANTIZE, _MAX_POOL, _MUL, _RELU = 0, 2, 3, 4, 6, 17, 18, 19
_RESHAPE, _CUSTOM, _PAD, _SLICE, _PRELU = 22, 32, 34, 45, 54
_CUSTOM_NAMES = {
    "Landmarks2TransformMatrix": "region_transform",
    "TransformTensorBilinear": "sample_region",
    "TransformLandmarks": "apply_transform",
}
_TYPES = {0: np.float32, 1: np.float16, 2: np.int32}


@dataclass(frozen=True)
class ExtractedGraph:
    """``program`` lists steps in order; ``outputs`` maps output names to value names.

    Shapes are those of one example, without the batch.
    """

    program: list[Step]
    weights: Weights
    input_shape: list[int]
    outputs: dict[str, str]
    output_shapes: dict[str, list[int]]

    def metadata(self) -> dict[str, Any]:
        return {
            "program": self.program,
            "input_shape": self.input_shape,
            "outputs": self.outputs,
        }


def extract_graph(tflite: bytes) -> ExtractedGraph:
    """Read the single subgraph of a TFLite file whose constants are half precision."""
    return _Extractor(Table.root(tflite)).run()


class _Extractor:
    def __init__(self, model: Table) -> None:
        self.codes = [
            (max(code.scalar(0, "b"), code.scalar(3, "i")), code.text(1))
            for code in model.tables(1)
        ]
        self.buffers = model.tables(4)
        self.graph = model.tables(2)[0]
        self.tensors = self.graph.tables(0)
        self.alias: dict[int, int] = {}
        self.program: list[Step] = []
        self.weights: Weights = {}

    def run(self) -> ExtractedGraph:
        for number, operator in enumerate(self.graph.tables(3)):
            self._operator(number, operator)
        image = self.graph.numbers(1, "i")[0]
        height, width = self._shape(image)[1:3]
        results = self.graph.numbers(2, "i")
        outputs = {self.tensors[i].text(3): self._name(i) for i in results}
        shapes = {self.tensors[i].text(3): self._shape(i)[1:] for i in results}
        program = [_renamed(step, self._name(image)) for step in self.program]
        return ExtractedGraph(program, self.weights, [3, height, width], outputs, shapes)

    def _operator(self, number: int, operator: Table) -> None:
        code, custom_name = self.codes[operator.scalar(0, "I")]
        inputs = operator.numbers(1, "i")
        output = operator.numbers(2, "i")[0]
        options = operator.table(4)
        if code in (_DEQUANTIZE, _SLICE):
            # The one slice of these graphs copies its whole input.
            self.alias[output] = inputs[0]
            return
        step: Step = {"out": self._name(output), "in": [self._name(inputs[0])]}
        if code in (_CONV, _DEPTHWISE):
            assert options is not None
            self._convolution(step, number, code, inputs, options)
        elif code == _PRELU:
            step |= {"op": "prelu", "slope": self._store(number, "slope", inputs[1])}
        elif code == _MAX_POOL:
            step |= {"op": "max_pool"}
        elif code == _PAD:
            channels = int(self._constant(inputs[1]).reshape(4, 2)[3, 1])
            step |= {"op": "pad_channels", "channels": channels}
        elif code in (_ADD, _CONCAT):
            step |= {
                "op": "add" if code == _ADD else "concat",
                "in": [self._name(i) for i in inputs],
            }
        elif code == _MUL:
            step |= {"op": "scale", "by": self._store(number, "scale", inputs[1])}
        elif code == _RELU:
            step |= {"op": "relu"}
        elif code == _RESHAPE:
            step |= {"op": "reshape", "shape": self._shape(output)[1:]}
            step |= {"from_image": len(self._shape(inputs[0])) == 4}
        elif code == _CUSTOM:
            step |= {"op": _CUSTOM_NAMES[custom_name], "in": [self._name(i) for i in inputs]}
            step |= {"options": read_flexbuffer_map(operator.bytes(5))}
            step |= {"size": self._shape(inputs[0])[1:3]}
        else:
            raise ValueError(f"TFLite operator {code} is not read here")
        self.program.append(step)

    def _convolution(
        self, step: Step, number: int, code: int, inputs: list[int], options: Table
    ) -> None:
        weight = self._constant(inputs[1])
        kernel = weight.shape[1]
        stride = options.scalar(1, "i")
        same = options.scalar(0, "b") == 0
        before = after = 0
        if same:
            before, after = _same_padding(self._shape(inputs[0])[1], kernel, stride)
        step |= {
            "op": "conv",
            "stride": stride,
            "pad": [before, after],
            "groups": weight.shape[3] if code == _DEPTHWISE else 1,
            "weight": f"{number}.weight",
            "bias": self._store(number, "bias", inputs[2]),
        }
        order = (3, 0, 1, 2) if code == _DEPTHWISE else (0, 3, 1, 2)
        self.weights[f"{number}.weight"] = np.ascontiguousarray(weight.transpose(order))

    def _store(self, number: int, kind: str, tensor: int) -> str:
        constant = self._constant(tensor)
        name = f"{number}.{kind}"
        self.weights[name] = constant.reshape(-1) if kind == "slope" else constant
        return name

    def _constant(self, tensor: int) -> NDArray[Any]:
        tensor = self.alias.get(tensor, tensor)
        table = self.tensors[tensor]
        raw = self.buffers[table.scalar(2, "I")].bytes(0)
        return np.frombuffer(raw, _TYPES[table.scalar(1, "b")]).reshape(self._shape(tensor))

    def _shape(self, tensor: int) -> list[int]:
        return self.tensors[tensor].numbers(0, "i")

    def _name(self, tensor: int) -> str:
        return f"v{self.alias.get(tensor, tensor)}"


def _same_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """TensorFlow's "SAME": the odd pixel goes after, unlike PyTorch's symmetric padding."""
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def _renamed(step: Step, image: str) -> Step:
    return step | {"in": ["image" if name == image else name for name in step["in"]]}
