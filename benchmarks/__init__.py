"""Timings of this project against plain loops of the same mathematics; `python -m benchmarks.training`."""
