"""A page on which one draws, and watches every number of one or two trained networks."""
