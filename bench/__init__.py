"""Benchmarks: each figure against a floor measured in the same run, A/B/A/B, median of five."""
