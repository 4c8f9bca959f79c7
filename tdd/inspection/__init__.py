"""A distilled set to look at: nearest words, a web page, pictures, figures.

Imports `tdd.evaluation` and what lies below. Start with `decode`.
"""
