"""What is said of runs together: tables, text, figures, files of them all."""
