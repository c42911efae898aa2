"""The files of a run folder, by name.

config.yaml    the composed configuration
run.json       status, overrides, seed, versions, data checksums, git commit, times
metrics.csv    one row per epoch, written as it comes
steps.csv      one row per step of the optimizer: loss of its batch, learning rate, gradient's norm
weights.npz    the parameters by name after the last epoch, float32, and perhaps a temperature
epoch-*.npz    the same after each epoch, where the configuration asks for it
inside.npz     what goes on inside the network, by epoch, where the configuration asks for it
best.npz       those after the epoch of the best validation accuracy, where there is one
checkpoint.npz     all that is needed to go on (``training.checkpoints``); the file that counts
checkpoint.previous.npz    the one before, while the run is not finished
checkpoint.damaged.npz     one that could not be used, if there ever was one
lenet.log      what was logged (written by Hydra)
events.out.tfevents.*    what TensorBoard shows, and
mlflow.txt     the id of the run in MLflow, where these are chosen (trackers/)
lock           held by the process that is at work on the run; the system frees it when that dies
"""

from fnmatch import filter as matching
from pathlib import Path

from lenet.errors import ConfigError
from lenet.formats.files import relative

RECORD = "run.json"

METRICS = "metrics.csv"
STEPS = "steps.csv"
WEIGHTS = "weights.npz"
EPOCHS = "epoch-*.npz"
BEST = "best.npz"
INSIDE = "inside.npz"
CHECKPOINT = "checkpoint.npz"
PREVIOUS = "checkpoint.previous.npz"
DAMAGED = "checkpoint.damaged.npz"
CONFIG = "config.yaml"
LOG = "lenet.log"
EVENTS = "events.out.tfevents.*"
MLFLOW_RUN = "mlflow.txt"
WRITTEN = (
    RECORD, CHECKPOINT, PREVIOUS, DAMAGED, CONFIG, METRICS, STEPS, INSIDE, WEIGHTS, EPOCHS,
    BEST, LOG, EVENTS, MLFLOW_RUN,
)  # fmt: skip
RUN_LIST = "runs.txt"  # in a folder that is about runs elsewhere, such as that of a sweep
SWEEP = "sweep.json"  # beside it: the command by which the sweep was started, and its times
ASIDE = ".aside-"
TRASH = "trash"  # a folder of runs that were removed


def files_by_our_names(path: Path) -> list[Path]:
    """Return what a folder has of the names that a run writes, be it a link that leads nowhere.

    Raises:
        ConfigError: it is no folder.

    """
    try:
        names = [file.name for file in path.iterdir()]
    except FileNotFoundError:
        return []
    except NotADirectoryError as error:
        raise ConfigError(f"{relative(path)}: expected a folder, found a file") from error
    return [path / name for pattern in WRITTEN for name in matching(names, pattern)]


def epoch_file(epoch: int) -> str:
    """Return the name of the file that holds the weights after an epoch."""
    return EPOCHS.replace("*", f"{epoch:04}")


def epoch_files(path: Path) -> dict[int, Path]:
    """Return the files of a folder that hold the weights after an epoch, by the epoch."""
    numbers = {file: file.stem.rpartition("-")[2] for file in path.glob(EPOCHS)}
    found = {int(number): file for file, number in numbers.items() if number.isdecimal()}
    return dict(sorted(found.items()))


def is_aside(path: Path) -> bool:
    """Return whether a folder holds what was put aside, or was thrown away.

    ``path`` is as seen from a folder of runs.
    """
    return ASIDE in str(path) or TRASH in path.parts
