"""A data set's rows become labelled examples: columns, labels, splits, encoded texts and images.

Imports `tdd.embeddings` and what lies below. Start with `corpus`.
"""
