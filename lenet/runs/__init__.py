"""One run: its folder, its record, how it goes on."""
