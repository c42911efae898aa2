"""Write a trained network as a state_dict of PyTorch.

It is that of this module, which a run with activation=tanh and pooling=max is:

    from collections import OrderedDict

    import torch
    from torch import nn

    def lenet5(channels=1, classes=10, activation=nn.Tanh, pooling=nn.MaxPool2d):
        return nn.Sequential(OrderedDict(
            pad=nn.ZeroPad2d(2),
            c1=nn.Conv2d(channels, 6, 5),
            c1_act=activation(),
            s2=pooling(2),
            c3=nn.Conv2d(6, 16, 5),
            c3_act=activation(),
            s4=pooling(2),
            vector=nn.Flatten(),
            c5=nn.Linear(400, 120),
            c5_act=activation(),
            f6=nn.Linear(120, 84),
            f6_act=activation(),
            output=nn.Linear(84, classes),
        ))

    network = lenet5().eval()
    network.load_state_dict(torch.load("model.pt"))
    logits = network(images / 255)  # (N, 10), of images (N, 1, 28, 28)

Batch normalization is part of the weights that a run keeps.
"""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from lenet.commands.arguments import add_output_file, add_runs, one_run, output_file
from lenet.errors import LenetError
from lenet.formats.files import relative
from lenet.formats.state_dict import to_state_dict

FILE = "model.pt"


def add_arguments(parser: ArgumentParser) -> None:
    """Say what the command takes."""
    add_runs(parser)
    add_output_file(parser, FILE)


def run(arguments: Namespace) -> list[Path]:
    """Write the state_dict; return its path."""
    from lenet.formats.torch import write_state_dict

    run = one_run(arguments)
    network = run.network()
    if not network.architecture.is_modern:
        raise LenetError(
            f"{relative(run.path)}: this module has none of the parts of 1998 (c3=table, "
            "pooling=trainable, output=rbf, input); lenet-runs export onnx takes them"
        )
    state = to_state_dict(network.architecture.views(network.theta))
    path = output_file(arguments, run.path / FILE)
    write_state_dict(path, state)
    return [path]
