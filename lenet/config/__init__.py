"""From text to checked objects, and their names."""
