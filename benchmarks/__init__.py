"""Benchmarks of speed and size, with alternatives measured side by side in one run."""
