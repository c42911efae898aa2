"""Many runs: carried out, compared, summed up."""
