"""What a distilled set is worth: accuracies of trained networks, baselines, all the data, its words alone.

Imports `tdd.distillation` and what lies below. Start with `evaluation`.
"""
