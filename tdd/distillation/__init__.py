"""The method: the inner loop and its exact reverse, the outer loop, and what it updates.

Imports `tdd.distilled_set` and what lies below. Start with `unroll`, then `distiller`.
"""
