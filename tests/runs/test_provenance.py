"""What is noted beside the configuration."""

import numpy as np

from lenet.runs.provenance import provenance


def test_provenance_names_what_results_may_depend_on() -> None:
    facts = provenance()
    assert facts["versions"]["numpy"] == np.__version__
    for library in facts["blas"]:
        assert library.keys() == {"internal_api", "version", "architecture", "threads"}
