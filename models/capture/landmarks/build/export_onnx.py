"""Export of an extracted program as an ONNX graph for the CPU runtime.

Weights stay half precision in the file and are widened once when a session is created, which
halves the committed size. Semantics are those of ``network.py``; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import ArrayLike, NDArray
from onnx import TensorProto, helper, numpy_helper

from models.capture.landmarks.build.extract import ExtractedGraph, Step, Weights

_OPSET = 20
_IR_VERSION = 9


def export_graph(graph: ExtractedGraph, name: str) -> onnx.ModelProto:
    """Return a checked ONNX model; input ``image`` (batch, 3, H, W) float32."""
    writer = _Writer(graph.weights)
    for step in graph.program:
        getattr(writer, "write_" + step["op"])(step)
    outputs = []
    for output, value in graph.outputs.items():
        writer.add("Identity", [value], out=output)
        shape: list[str | int | None] = ["batch", *graph.output_shapes[output]]
        outputs.append(helper.make_tensor_value_info(output, TensorProto.FLOAT, shape))
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", *graph.input_shape])
    model = helper.make_model(
        helper.make_graph(writer.nodes, name, [image], outputs, writer.constants),
        opset_imports=[helper.make_opsetid("", _OPSET)],
        producer_name="sfpfr",
        ir_version=_IR_VERSION,
    )
    onnx.checker.check_model(model, full_check=True)
    return model


class _Writer:
    def __init__(self, weights: Weights) -> None:
        self.weights = weights
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self.tables: dict[str, tuple[str, str]] = {}
        self.count = 0

    def add(self, operator: str, inputs: Sequence[str], out: str = "", **attributes: Any) -> str:
        """Append a node with one output and return the output's name."""
        if not out:
            self.count += 1
            out = f"t{self.count}"
        self.nodes.append(helper.make_node(operator, list(inputs), [out], **attributes))
        return out

    def constant(self, value: ArrayLike, dtype: type = np.float32) -> str:
        self.count += 1
        name = f"c{self.count}"
        self.constants.append(numpy_helper.from_array(np.asarray(value, dtype), name))
        return name

    def weight(self, name: str, shape: tuple[int, ...] | None = None) -> str:
        """Store a half-precision weight and return the name of its single-precision value."""
        array: NDArray[np.float16] = self.weights[name]
        half = self.constant(array if shape is None else array.reshape(shape), np.float16)
        return self.add("Cast", [half], to=TensorProto.FLOAT)

    def write_conv(self, step: Step) -> None:
        before, after = step["pad"]
        weight = self.weights[step["weight"]]
        self.add(
            "Conv",
            [step["in"][0], self.weight(step["weight"]), self.weight(step["bias"])],
            step["out"],
            kernel_shape=list(weight.shape[2:]),
            strides=[step["stride"]] * 2,
            pads=[before, before, after, after],
            group=step["groups"],
        )

    def write_prelu(self, step: Step) -> None:
        """Write a*x + (1-a)*relu(x) as two per-channel convolutions.

        ONNX Runtime keeps convolutions, sums and rectifiers in its blocked layout, but leaves it
        for PRelu, whose kernel is slow too: the whole network takes 3.7 instead of 8.7 ms.
        """
        slope = self.weights[step["slope"]].astype(np.float32).reshape(-1, 1, 1, 1)
        positive = self.add("Relu", step["in"])
        channels: dict[str, Any] = {"group": len(slope), "kernel_shape": [1, 1]}
        straight = self.add("Conv", [step["in"][0], self.constant(slope)], **channels)
        bent = self.add("Conv", [positive, self.constant(1 - slope)], **channels)
        self.add("Add", [straight, bent], step["out"])

    def write_relu(self, step: Step) -> None:
        self.add("Relu", step["in"], step["out"])

    def write_add(self, step: Step) -> None:
        self.add("Add", step["in"], step["out"])

    def write_concat(self, step: Step) -> None:
        self.add("Concat", step["in"], step["out"], axis=1)

    def write_scale(self, step: Step) -> None:
        self.add("Mul", [step["in"][0], self.weight(step["by"])], step["out"])

    def write_max_pool(self, step: Step) -> None:
        self.add("MaxPool", step["in"], step["out"], kernel_shape=[2, 2], strides=[2, 2])

    def write_pad_channels(self, step: Step) -> None:
        pads = self.constant([0, 0, 0, 0, 0, step["channels"], 0, 0], np.int64)
        self.add("Pad", [step["in"][0], pads], step["out"])

    def write_reshape(self, step: Step) -> None:
        channels_last = step["in"][0]
        if step["from_image"]:
            channels_last = self.add("Transpose", [channels_last], perm=[0, 2, 3, 1])
        shape = self.constant([0, *step["shape"]], np.int64)
        self.add("Reshape", [channels_last, shape], step["out"])

    def write_region_transform(self, step: Step) -> None:
        options = step["options"]
        xy = self._columns(step["in"][0], 0, 2)
        ends = [options["left_rotation_idx"], options["right_rotation_idx"]]
        left, right = (self._rows(xy, end, end + 1) for end in ends)
        level = self.add("Sub", [right, left])
        length = self.add("ReduceL2", [level, self.constant([2], np.int64)], keepdims=1)
        axis_x = self.add("Div", [level, length])
        cos, sin = self._columns(axis_x, 0, 1), self._columns(axis_x, 1, 2)
        axis_y = self.add("Concat", [self.add("Neg", [sin]), cos], axis=2)
        # Rows are the region's axes in the frame: the transpose of the linear part.
        axes = self.add("Concat", [axis_x, axis_y], axis=1)
        subset = self.add("Gather", [xy, self.constant(options["subset_idxs"], np.int64)], axis=1)
        to_frame = self.add("Transpose", [axes], perm=[0, 2, 1])
        turned = self.add("MatMul", [subset, to_frame])
        over = self.constant([1], np.int64)
        high = self.add("ReduceMax", [turned, over], keepdims=1)
        low = self.add("ReduceMin", [turned, over], keepdims=1)
        grid = np.array([options["output_width"], options["output_height"]])
        factor = np.array([options["scale_x"], options["scale_y"]]) / grid
        scale = self.add("Mul", [self.add("Sub", [high, low]), self.constant(factor)])
        linear = self.add("Mul", [to_frame, scale])
        middle = self.add("Mul", [self.add("Add", [low, high]), self.constant(0.5)])
        grid_centre = self.add("Mul", [scale, self.constant(grid / 2)])
        origin = self.add("MatMul", [self.add("Sub", [middle, grid_centre]), axes])
        shift = self.add("Transpose", [origin], perm=[0, 2, 1])
        zero = self.constant(np.zeros((1, 2, 1)))
        like = self.add("Mul", [shift, zero])
        top = self.add("Concat", [linear, like, shift], axis=2)
        identity = np.eye(4)[None, 2:]
        batch = self.add("Shape", [top], start=0, end=1)
        shape = self.add("Concat", [batch, self.constant([2, 4], np.int64)], axis=0)
        bottom = self.add("Expand", [self.constant(identity), shape])
        self.add("Concat", [top, bottom], step["out"], axis=1)

    def write_sample_region(self, step: Step) -> None:
        """Write bilinear sampling as four gathers of channel rows: GridSample is 3 x slower."""
        features, matrix = step["in"]
        height, width = step["size"]
        rows, columns = step["options"]["output_height"], step["options"]["output_width"]
        y, x = np.mgrid[:rows, :columns] + 0.5
        points = self.constant(np.stack([x.ravel(), y.ravel()], -1))
        at = self.add("Sub", [self._transform(points, matrix), self.constant(0.5)])
        last = self.constant([width - 1, height - 1])
        clipped = self.add("Min", [self.add("Max", [at, self.constant(0.0)]), last])
        # The last pixel is its own neighbour: start one before it, at weight 1.
        start = self.add(
            "Min", [self.add("Floor", [clipped]), self.constant([width - 2, height - 2])]
        )
        after = self.add("Sub", [clipped, start])
        before = self.add("Sub", [self.constant(1.0), after])
        within = self.add("Equal", [at, clipped])
        inside = self.add("Cast", [within], to=TensorProto.FLOAT)
        table, first = self._pixel_rows(features, start, height, width)
        corners = []
        for dy, weight_y in enumerate((before, after)):
            for dx, weight_x in enumerate((before, after)):
                place = self.constant(dy * width + dx, np.int64)
                pixels = self.add("Gather", [table, self.add("Add", [first, place])], axis=0)
                weight = self._columns(weight_x, 0, 1), self._columns(weight_y, 1, 2)
                corners.append(self.add("Mul", [pixels, self.add("Mul", weight)]))
        mask = self.add("Mul", [self._columns(inside, 0, 1), self._columns(inside, 1, 2)])
        sampled = self.add("Mul", [self.add("Sum", corners), mask])
        channels_first = self.add("Transpose", [sampled], perm=[0, 2, 1])
        shape = self.constant([0, 0, rows, columns], np.int64)
        self.add("Reshape", [channels_first, shape], step["out"])

    def _pixel_rows(self, features: str, start: str, height: int, width: int) -> tuple[str, str]:
        """Return features as (batch * H * W, C) rows and the row numbers of ``start`` (x, y)."""
        if features not in self.tables:
            channels_last = self.add("Transpose", [features], perm=[0, 2, 3, 1])
            channels = self.add("Shape", [features], start=1, end=2)
            shape = self.add("Concat", [self.constant([-1], np.int64), channels], axis=0)
            table = self.add("Reshape", [channels_last, shape])
            batch = self.add("Squeeze", [self.add("Shape", [features], start=0, end=1)])
            bounds = self.constant(0, np.int64), batch, self.constant(1, np.int64)
            numbers = self.add("Range", bounds)
            stride = self.constant(height * width, np.int64)
            offset = self.add("Mul", [numbers, stride])
            column = self.add("Unsqueeze", [offset, self.constant([1], np.int64)])
            self.tables[features] = table, column
        table, offset = self.tables[features]
        steps = self.constant([[1], [width]])
        number = self.add(
            "Squeeze", [self.add("MatMul", [start, steps]), self.constant([2], np.int64)]
        )
        return table, self.add("Add", [self.add("Cast", [number], to=TensorProto.INT64), offset])

    def write_apply_transform(self, step: Step) -> None:
        points, matrix = step["in"]
        self._transform(points, matrix, step["out"])

    def write_refine_landmarks(self, step: Step) -> None:
        mesh = step["in"][0]
        points = self.add("Concat", [self._columns(mesh, 0, 2), *step["in"][1:]], axis=1)
        xy = self.add("Gather", [points, self.constant(step["sources"], np.int64)], axis=1)
        depth = self._columns(mesh, 2, 3)
        parts = [depth]
        for contour in step["iris_contours"]:
            ring = self.add("Gather", [depth, self.constant(contour, np.int64)], axis=1)
            mean = self.add("ReduceMean", [ring, self.constant([1], np.int64)], keepdims=1)
            parts.extend([mean] * 5)
        z = self.add("Concat", parts, axis=1)
        self.add("Concat", [xy, z], step["out"], axis=2)

    def _transform(self, points: str, matrix: str, out: str = "") -> str:
        top = self._rows(matrix, 0, 2)
        linear = self.add("Transpose", [self._columns(top, 0, 2)], perm=[0, 2, 1])
        shift = self.add("Transpose", [self._columns(top, 3, 4)], perm=[0, 2, 1])
        return self.add("Add", [self.add("MatMul", [points, linear]), shift], out)

    def _rows(self, value: str, start: int, stop: int) -> str:
        return self._slice(value, start, stop, axis=1)

    def _columns(self, value: str, start: int, stop: int) -> str:
        return self._slice(value, start, stop, axis=2)

    def _slice(self, value: str, start: int, stop: int, axis: int) -> str:
        bounds = [self.constant([n], np.int64) for n in (start, stop, axis)]
        return self.add("Slice", [value, *bounds])
