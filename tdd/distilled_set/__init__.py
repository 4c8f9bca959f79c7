"""The distilled set and its run folder: what is saved, loaded and checked.

Imports `tdd.networks` and what lies below. Start with `set`.
"""
