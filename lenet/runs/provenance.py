"""Provenance: versions, BLAS and code, on which figures may depend."""

import platform
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_info

from lenet.training.team import BLAS_THREADS


def provenance() -> dict[str, Any]:
    """Return versions, machine, BLAS libraries and commit, as plain values."""
    return {
        "versions": {"python": platform.python_version(), "numpy": np.__version__},
        "machine": platform.machine(),
        "blas": [
            {key: library.get(key) for key in ("internal_api", "version", "architecture")}
            | {"threads": BLAS_THREADS}
            for library in threadpool_info()
            if library["user_api"] == "blas"
        ],
        "git_commit": git_commit(),
    }


def git_commit() -> str | None:
    """Return the commit of the checkout that this code runs from, "+" added if it was changed.

    None for an installed package, or where there is no git.
    """
    checkout = Path(__file__).resolve().parents[2]
    if not (checkout / ".git").exists():
        return None
    try:
        described = subprocess.run(
            ["git", "describe", "--always", "--abbrev=40", "--dirty=+", "--exclude=*"],
            cwd=checkout,
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return described.stdout.strip()
