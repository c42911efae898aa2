"""Make a run folder of a network that PyTorch has trained, for evaluate.py and other scripts.

    python scripts/from_torch.py FILE FOLDER [OVERRIDE ...] [--config-dir FOLDER]

FILE is a state_dict as torch.save writes it; nothing that it may hold besides is executed. What it
does not say is said by the overrides, which are those of lenet: such as dataset=mnist pooling=avg
activation=relu normalization=batch. Modules may have any names; the shapes of their weights tell
which layers they are (see to_torch.py), and C5 may be a convolution.

FOLDER gets weights.npz, config.yaml and run.json; there are no metrics of such a network.
"""

from argparse import ArgumentParser
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile, is_zipfile

from numpy.typing import NDArray

from lenet.commands.arguments import add_overrides, command_line, optional, run_script
from lenet.config.compose import composed, configure
from lenet.config.schema import saved
from lenet.errors import DataError
from lenet.formats.files import read_at_most
from lenet.formats.layout import CONFIG, WEIGHTS
from lenet.formats.torch import from_state_dict
from lenet.formats.weights import WIDEST, joined, write_weights
from lenet.runs.folder import RunFolder

with optional("pip install torch"):
    import torch

LARGEST = 2**24  # bytes of a file: 30 times the parameters in double precision
IDENTITY = "from PyTorch"  # in run.json: such a folder may be written anew, another one may not


def main() -> list[Path]:
    arguments = conversion_parser().parse_intermixed_args()
    config = configure(*arguments.overrides, config_dir=arguments.config_dir)
    state = read_state_dict(arguments.file)
    arrays = from_state_dict(arguments.file, state, config.architecture)
    theta = joined(arguments.file, arrays, config.architecture)
    written = saved(composed(*arguments.overrides, config_dir=arguments.config_dir))
    record = {"seed": config.seed, "overrides": arguments.overrides}
    with RunFolder(arguments.folder, written, identity=IDENTITY, **record) as folder:
        write_weights(folder.path / WEIGHTS, theta, config.architecture)
    return [folder.path / name for name in (WEIGHTS, CONFIG)]


def read_state_dict(path: Path) -> dict[str, NDArray[Any]]:
    """Return the tensors of a state_dict by name, those of any float type in double precision.

    Raises:
        DataError: the file is anything but that.

    """
    expected = f"{path}: expected a state_dict of PyTorch"
    with path.open("rb") as file:
        content = read_at_most(file, LARGEST + 1)
    if len(content) > LARGEST:
        raise DataError(f"{expected} for a LeNet-5, found more than {LARGEST} bytes")
    try:
        return tensors(content)
    except Exception as error:  # damage may raise anything
        raise DataError(
            f"{expected}, found something else; torch.save(network.state_dict(), ...) writes one"
        ) from error


def tensors(content: bytearray) -> dict[str, NDArray[Any]]:
    """Return the tensors of a file's content; ValueError if they would take up too much memory."""
    if is_zipfile(BytesIO(content)):
        with ZipFile(BytesIO(content)) as archive:
            check_size(sum(entry.file_size for entry in archive.infolist()))
    state = torch.load(BytesIO(content), map_location="cpu", weights_only=True)
    check_size(sum(tensor.numel() * WIDEST for tensor in state.values()))
    return {
        str(name): (tensor.double() if tensor.is_floating_point() else tensor).detach().numpy()
        for name, tensor in state.items()
    }


def check_size(size: int) -> None:
    """Refuse more than LARGEST bytes: a file can promise any number of zeros in few."""
    if size > LARGEST:
        raise ValueError(size)


def conversion_parser() -> ArgumentParser:
    """Return the command line."""
    arguments = command_line(__doc__)
    arguments.add_argument("file", type=Path, metavar="FILE", help="a state_dict")
    arguments.add_argument("folder", type=Path, metavar="FOLDER", help="of the run to be")
    add_overrides(arguments)
    return arguments


if __name__ == "__main__":
    run_script(main)
