"""State_dicts as files: what torch.save writes."""

from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile, is_zipfile

import torch
from numpy.typing import NDArray

from lenet.errors import DataError
from lenet.formats.files import read_at_most, replacing
from lenet.formats.state_dict import Arrays
from lenet.formats.weights import BYTES_OF_FLOAT64

MOST_BYTES = 2**24  # bytes of a file: 30 times the parameters in double precision


def read_state_dict(path: Path) -> dict[str, NDArray[Any]]:
    """Return the tensors of a state_dict by name, those of any float type in double precision.

    Raises:
        DataError: the file is anything but that.

    """
    expected = f"{path}: expected a state_dict of PyTorch"
    with path.open("rb") as file:
        content = read_at_most(file, MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise DataError(f"{expected} for a LeNet-5, found more than {MOST_BYTES} bytes")
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
    check_size(sum(tensor.numel() * BYTES_OF_FLOAT64 for tensor in state.values()))
    return {
        str(name): (tensor.double() if tensor.is_floating_point() else tensor).detach().numpy()
        for name, tensor in state.items()
    }


def check_size(size: int) -> None:
    """Refuse more than MOST_BYTES bytes: a file can promise any number of zeros in few."""
    if size > MOST_BYTES:
        raise ValueError(size)


def write_state_dict(path: Path, state: Arrays) -> None:
    """Write arrays by name as a state_dict."""
    with replacing(path) as file:
        torch.save({name: torch.from_numpy(array) for name, array in state.items()}, file)
