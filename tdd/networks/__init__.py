"""The networks that are trained on a distilled set, and their exact derivatives.

Imports `tdd.data` and what lies below. Start with `learner`; `architectures` holds a file for each network.
"""
