"""Whole jobs on run folders: distil, evaluate, baselines, size, results table, compare, plot.

Imports everything but `tdd.cli`. Start with `distill`, the whole flow from a recipe to a tested set.
"""
