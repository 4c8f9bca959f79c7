"""A distilled set for others: its card, its tables on the Hub, the code that trains on it, a transformers model.

Imports `tdd.inspection` and what lies below. Start with `push`.
"""
