"""Text dataset distillation: a handful of synthetic sentences that train a network as well as the whole data set."""
