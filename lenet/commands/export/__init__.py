"""Networks for other programs: ``lenet-runs export``."""
