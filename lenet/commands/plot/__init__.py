"""The figures of runs: ``lenet-runs plot``."""
