"""Files that may be damaged, or a stranger's."""
