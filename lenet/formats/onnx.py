"""Networks as ONNX models."""

from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from onnx import (
    ModelProto,
    NodeProto,
    TensorProto,
    ValueInfoProto,
    checker,
    helper,
    numpy_helper,
)

from lenet.errors import LenetError
from lenet.nn.input import INPUT_SIDE
from lenet.nn.layers import (
    ELU,
    GELU,
    RBF,
    Array,
    AveragePool,
    BatchNorm,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    Layer,
    LeakyReLU,
    MaxPool,
    ReLU,
    ScaledTanh,
    Scaling,
    Sigmoid,
    SiLU,
    Softplus,
    Subsampling,
    TableConv2D,
    Tanh,
)
from lenet.nn.layers.pool import wide
from lenet.nn.model import LeNet5

OPSET, IR_VERSION = 20, 9  # those of ONNX 1.15, the first to have GELU
PIXELS = "pixels from 0 to 255; digits are white on black, colours are red, green and blue"


class Graph:
    """The nodes of an ONNX graph and their constants, as they are added."""

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []

    def add(self, op: str, *inputs: str | ArrayLike, output: str = "", **attributes: Any) -> str:
        """Add a node and return the name of its output.

        An input is the name of another node's output, or a constant.
        """
        name = f"{op}_{len(self.nodes)}"
        names = [
            value if isinstance(value, str) else self._constant(f"{name}_{place}", value)
            for place, value in enumerate(inputs)
        ]
        output = output or name
        self.nodes.append(helper.make_node(op, names, [output], name, **attributes))
        return output

    def _constant(self, name: str, value: ArrayLike) -> str:
        array = np.asarray(value)
        if array.dtype.kind == "f":
            array = array.astype(np.float32)
        self.constants.append(numpy_helper.from_array(array, name))
        return name


WINDOWS: dict[str, Any] = {"kernel_shape": [2, 2], "strides": [2, 2]}

# What becomes of x in each layer f, as ONNX says it.
TRANSLATIONS: dict[type[Layer], Callable[[Graph, str, Any], str]] = {
    Conv2D: lambda graph, x, f: graph.add(
        "Conv", x, f.weight, f.bias, strides=2 * [f.stride], pads=4 * [f.padding]
    ),
    TableConv2D: lambda graph, x, f: graph.add("Conv", x, f.dense, f.bias),
    Dense: lambda graph, x, f: graph.add("Gemm", x, f.weight, f.bias, transB=1),
    RBF: lambda graph, x, f: graph.add("Mul", -f.scale, squared_distances(graph, x, f.centres)),
    Scaling: lambda graph, x, f: graph.add("Add", graph.add("Mul", x, f.a), f.b),
    BatchNorm: lambda graph, x, f: graph.add(
        "BatchNormalization", x, f.gamma, f.beta, f.mean, f.variance, epsilon=f.eps
    ),
    MaxPool: lambda graph, x, _: graph.add("MaxPool", x, **WINDOWS),
    AveragePool: lambda graph, x, _: graph.add("AveragePool", x, **WINDOWS),
    Subsampling: lambda graph, x, f: graph.add(
        "Add",
        graph.add("Mul", graph.add("AveragePool", x, **WINDOWS), 4 * wide(f.coefficient)[..., 0]),
        wide(f.bias)[..., 0],
    ),
    Flatten: lambda graph, x, _: graph.add("Flatten", x),
    Dropout: lambda _, x, __: x,
    Tanh: lambda graph, x, _: graph.add("Tanh", x),
    ScaledTanh: lambda graph, x, f: graph.add(
        "Mul", f.amplitude, graph.add("Tanh", graph.add("Mul", f.slope, x))
    ),
    Sigmoid: lambda graph, x, _: graph.add("Sigmoid", x),
    ReLU: lambda graph, x, _: graph.add("Relu", x),
    LeakyReLU: lambda graph, x, f: graph.add("LeakyRelu", x, alpha=f.slope),
    ELU: lambda graph, x, f: graph.add("Elu", x, alpha=f.alpha),
    Softplus: lambda graph, x, _: graph.add("Softplus", x),
    SiLU: lambda graph, x, _: graph.add("Mul", x, graph.add("Sigmoid", x)),
    GELU: lambda graph, x, _: graph.add("Gelu", x),
}


def onnx_model(network: LeNet5, size: tuple[int, int], **metadata: str) -> ModelProto:
    """Return a network for images of some height and width as an ONNX model with some metadata.

    Raises:
        LenetError: it has a layer without a translation.

    """
    graph = Graph()
    before = [(INPUT_SIDE - pixels) // 2 for pixels in size]
    after = [INPUT_SIDE - pixels - margin for pixels, margin in zip(size, before, strict=True)]
    x = graph.add("Div", "images", 255.0)
    x = graph.add("Pad", x, np.array([0, 0, *before, 0, 0, *after]))
    for name, layer in network.layers.items():
        x = translated(graph, x, name, layer)
    graph.add("Identity", x, output="logits")
    graph.add("Softmax", "logits", output="probabilities")

    channels, classes = network.architecture.channels, network.architecture.classes
    images = numbers("images", ["N", channels, *size], PIXELS)
    outputs = [numbers(name, ["N", classes]) for name in ("logits", "probabilities")]
    model = helper.make_model(
        helper.make_graph(graph.nodes, "LeNet5", [images], outputs, graph.constants),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="lenet",
        producer_version=version("lenet"),
    )
    helper.set_model_props(model, metadata)
    checker.check_model(model, full_check=True)
    return model


def squared_distances(graph: Graph, x: str, centres: Array) -> str:
    """Add the squared distances (N, classes) of vectors (N, F) from centres (classes, F)."""
    apart = graph.add("Sub", graph.add("Unsqueeze", x, np.array([1])), centres)
    squares = graph.add("Mul", apart, apart)
    return graph.add("ReduceSum", squares, np.array([-1]), keepdims=0)


def translated(graph: Graph, x: str, name: str, layer: Layer) -> str:
    """Add a layer to a graph, and return the name of its output."""
    kind = type(layer)
    if kind not in TRANSLATIONS:
        raise LenetError(f"{name} is a {kind.__name__}, which has no translation to ONNX")
    return TRANSLATIONS[kind](graph, x, layer)


def numbers(name: str, shape: list[str | int], description: str = "") -> ValueInfoProto:
    """Return what ONNX has to know of an input or an output."""
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape, description)
