"""The network: arrays in, arrays out."""
