"""Make a run folder of a network that PyTorch has trained.

FILE is a state_dict as torch.save writes it; nothing that it may hold besides is executed. What it
does not say is said by the overrides, which are those of lenet: such as dataset=mnist pooling=avg
activation=relu normalization=batch. Modules may have any names; the shapes of their weights tell
which layers they are (see export torch), and C5 may be a convolution. With normalization=batch C1,
C3, C5 and F6 are followed by an nn.BatchNorm each, which becomes part of their weights.

FOLDER gets weights.npz, config.yaml and run.json; there are no metrics of such a network.
"""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from lenet.commands.arguments import add_overrides
from lenet.config.compose import composed, configure
from lenet.config.schema import saved
from lenet.formats.layout import CONFIG, WEIGHTS
from lenet.formats.state_dict import from_state_dict
from lenet.formats.weights import kept, write_weights
from lenet.runs.folder import RunFolder

IDENTITY = "from PyTorch"  # in run.json: such a folder may be written anew, another one may not


def add_arguments(parser: ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("file", type=Path, metavar="FILE", help="a state_dict")
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="of the run to be")
    add_overrides(parser)


def run(arguments: Namespace) -> list[Path]:
    """Write the run folder; return the paths of its files."""
    from lenet.formats.torch import read_state_dict

    config = configure(*arguments.overrides, config_dir=arguments.config_dir)
    state = read_state_dict(arguments.file)
    arrays = from_state_dict(arguments.file, state, config.architecture)
    theta = kept(arguments.file, arrays, config.architecture)
    written = saved(composed(*arguments.overrides, config_dir=arguments.config_dir))
    record = {"seed": config.seed, "overrides": arguments.overrides}
    with RunFolder(arguments.folder, written, identity=IDENTITY, **record) as folder:
        write_weights(folder.path / WEIGHTS, theta, config.architecture.kept)
    return [folder.path / name for name in (WEIGHTS, CONFIG)]
