"""Feature maps: the outputs of each layer for images."""

from lenet.nn.layers import (
    RBF,
    Array,
    Conv2D,
    Dense,
    Flatten,
    Pooling,
    Subsampling,
    TableConv2D,
)
from lenet.nn.layers.pool import maps
from lenet.nn.model import INPUT, LeNet5

OUTPUT = "output"


def features(network: LeNet5, x: Array) -> dict[str, Array]:
    """Return what C1, S2, C3, S4, C5, F6 and the output make of images (C, 32, 32, N).

    Maps (C, H, W, N) and vectors (units, N), each after its activation, as in Fig. 2 of LeCun et
    al. (1998); the output's are logits. The network may apply an activation after the pooling (see
    ``model.subsample``): then ``y`` is the way around the pooling, unless it is the pooling's own.
    """
    found: dict[str, Array] = {}
    pooling = None
    for name, layer in network.inference_layers.items():
        x, _ = layer.forward(x)
        match layer:
            case Conv2D() | TableConv2D() | Dense() | RBF():
                unit, pooling, y = name, None, x
            case Pooling() | Subsampling():
                pooling = name
            case _ if name == INPUT or isinstance(layer, Flatten):
                continue
            case _ if name.endswith(f" of {pooling}"):
                pass
            case _:
                y, _ = layer.forward(y)
        found[unit] = y
        if pooling:
            found[pooling] = x
    found[OUTPUT] = found.pop(unit)
    return {name: maps(y) if y.ndim == 6 else y for name, y in found.items()}
