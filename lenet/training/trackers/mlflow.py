"""MLflow: a run in a database, or on a server that has one."""

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from time import time
from typing import TYPE_CHECKING, Annotated

from annotated_types import MinLen
from filelock import FileLock

from lenet.formats.files import write_text
from lenet.formats.layout import BEST, CONFIG, MLFLOW_RUN, WEIGHTS
from lenet.training.state import TrainingState
from lenet.training.trackers.base import Parameters, Track, Tracker

if TYPE_CHECKING:
    from mlflow import MlflowClient

BATCH = 900  # metrics in a request, a multiple of those of a step; MLflow takes 1000
SQLITE = "sqlite:///"
STORES = (SQLITE, "postgresql", "mysql", "mssql", "http://", "https://")
ARTIFACTS = "mlartifacts"  # folder of files, beside a database in a file
PATIENCE = 60  # s, while another job sets up the database
SETTINGS = {  # MLflow's own, where the user has not set them
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",  # s
    "MLFLOW_DISABLE_TELEMETRY": "true",
}


@dataclass(frozen=True)
class MLflow(Tracker):
    """A run of MLflow under the folder's name, in the database or on the server at ``uri``."""

    library = "mlflow"
    uri: str
    experiment: Annotated[str, MinLen(1)] | None

    def __post_init__(self) -> None:
        if not self.uri.startswith(STORES):
            raise ValueError(f"uri = {self.uri!r} should begin with {' or '.join(STORES)}")

    def track(self, folder: Path, parameters: Parameters) -> "MLflowRun":
        """Create a run, or go on with that of an earlier attempt."""
        client = mlflow_client(self.uri)
        run_id = earlier_run(client, folder)
        if run_id is None:
            typed = parameters()
            name = self.experiment or str(typed["dataset"])
            experiment = experiment_id(client, name, artifacts(self.uri))
            run_id = new_run(client, experiment, folder, typed)
        return MLflowRun(client, run_id, folder)


class MLflowRun(Track):
    """A run of MLflow, to which steps are added at the end of their epoch.

    What it has already is not added again: the same steps have the same figures.
    """

    def __init__(self, client: "MlflowClient", run_id: str, folder: Path) -> None:
        self._client = client
        self._id = run_id
        self._folder = folder
        self._state: TrainingState | None = None
        super().__init__(self._last("step/loss"), self._last("epoch/train_loss"))
        client.update_run(run_id, status="RUNNING")

    def _last(self, key: str) -> int:
        history = self._client.get_metric_history(self._id, key)
        return max((metric.step for metric in history), default=0)

    def follow(self, state: TrainingState) -> None:
        """Show the epoch that has ended, if one has."""
        self._state = state
        if len(state.metrics) > self._epochs:
            self._add(state)

    def _add(self, state: TrainingState) -> None:
        from mlflow.entities import Metric

        now = round(time() * 1000)
        metrics = [
            Metric(key, value, now, number)
            for number, figures in self.news(state)
            for key, value in figures.items()
        ]
        for start in range(0, len(metrics), BATCH):
            self._client.log_batch(self._id, metrics[start : start + BATCH])

    def end(self, error: BaseException | None) -> None:
        """Show the rest, the weights of a run that has finished, and the status."""
        if self._state is not None:
            self._add(self._state)
        if error is None:
            for name in (WEIGHTS, BEST):
                if (self._folder / name).exists():
                    self._client.log_artifact(self._id, str(self._folder / name))
        self._client.set_terminated(self._id, status_after(error))


def status_after(error: BaseException | None) -> str:
    """Return MLflow's word for how a run has ended."""
    if error is None:
        return "FINISHED"
    return "FAILED" if isinstance(error, Exception) else "KILLED"


def mlflow_client(uri: str) -> "MlflowClient":
    """Return a client of MLflow that does not wait long, nor tell its makers, nor log."""
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    from mlflow import MlflowClient

    for name in ("mlflow", "alembic", "urllib3"):
        logging.getLogger(name).setLevel(logging.ERROR)
    database = database_file(uri)
    if database is None:
        return MlflowClient(uri)
    database.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{database}.lock", timeout=PATIENCE):  # it is made or upgraded by one job alone
        return MlflowClient(uri)


def earlier_run(client: "MlflowClient", folder: Path) -> str | None:
    """Return the id of the run that an earlier attempt has begun, if it is still there."""
    from mlflow.exceptions import MlflowException

    try:
        run_id = (folder / MLFLOW_RUN).read_text(encoding="utf-8").strip()
        run = client.get_run(run_id)
    except FileNotFoundError:
        return None
    except MlflowException as error:
        if error.error_code not in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            raise
        return None
    return run_id if run.info.lifecycle_stage == "active" else None


def new_run(
    client: "MlflowClient", experiment: str, folder: Path, parameters: Mapping[str, object]
) -> str:
    """Create a run with its parameters, note its id in its folder, and return it."""
    from mlflow.entities import Param

    run_id = client.create_run(experiment, run_name=folder.name).info.run_id
    write_text(folder / MLFLOW_RUN, f"{run_id}\n")
    client.log_batch(run_id, params=[Param(key, str(value)) for key, value in parameters.items()])
    client.log_artifact(run_id, str(folder / CONFIG))
    return run_id


def experiment_id(client: "MlflowClient", name: str, artifacts: str | None) -> str:
    """Return the id of the experiment of a name; another job may just be creating it."""
    from mlflow.exceptions import MlflowException

    found = client.get_experiment_by_name(name)
    if found is None:
        try:
            return client.create_experiment(name, artifacts)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
            found = client.get_experiment_by_name(name)
    return found.experiment_id


def artifacts(uri: str) -> str | None:
    """Return where files belong: beside a database in a file; a server says it by itself."""
    database = database_file(uri)
    return None if database is None else database.with_name(ARTIFACTS).as_uri()


def database_file(uri: str) -> Path | None:
    """Return the file of a database that is in one."""
    return Path(uri.removeprefix(SQLITE)).absolute() if uri.startswith(SQLITE) else None
