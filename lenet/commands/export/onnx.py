"""Write a trained network as an ONNX model, for ONNX Runtime and all else that reads that format.

The model takes ``images``, float32 (N, C, H, W), as the dataset has them: pixels from 0 to 255, for
digits 28 x 28 of them, white on black. Scaling and padding are part of it. It returns ``logits``
and ``probabilities``, both (N, classes); its metadata name the dataset and the classes.
"""

import json
from argparse import ArgumentParser, Namespace
from pathlib import Path

from lenet.commands.arguments import add_output_file, add_runs, one_run, output_file
from lenet.formats.files import replacing

FILE = "model.onnx"


def add_arguments(parser: ArgumentParser) -> None:
    """Say what the command takes."""
    add_runs(parser)
    add_output_file(parser, FILE)


def run(arguments: Namespace) -> list[Path]:
    """Write the model, which says what it was trained on; return its path."""
    from lenet.formats.onnx import onnx_model

    run = one_run(arguments)
    dataset, names = run.config.dataset, json.dumps(run.config.dataset.class_names)
    model = onnx_model(run.network(), dataset.size, dataset=run.dataset, class_names=names)
    path = output_file(arguments, run.path / FILE)
    with replacing(path) as file:
        file.write(model.SerializeToString())
    return [path]
