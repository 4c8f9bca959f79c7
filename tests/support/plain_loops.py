"""A small inner loop of plain training, in double precision."""

import torch
from learners import starts_of, text_cnn
from reference import random_batch

from tdd.distillation.mini_batches import mini_batches
from tdd.distillation.plain_loop import AdamW, PlainLoop
from tdd.system.seeds import generator

LENGTH, DIM, CLASSES = 10, 4, 3
RATES = [0.03, 0.03, 0.02, 0.03, 0.05, 0.01, 0.03, 0.03]


def problem(n=7, size=3, steps=8, networks=2, **how):
    g = torch.Generator().manual_seed(1)
    network = text_cnn(DIM, CLASSES, (2, 3), filters=3, dropout=0.5).double()
    theta = starts_of(network, [generator(0, "network", k) for k in range(networks)])
    samples = torch.randn(n, LENGTH, DIM, generator=g, dtype=torch.float64)
    labels = torch.randn(n, CLASSES, generator=g, dtype=torch.float64).softmax(1)
    loop = PlainLoop(samples, labels, mini_batches(n, size, steps, 0, "order"), RATES[:steps], AdamW(**how))
    return network, theta, loop, random_batch(g, 9, LENGTH, DIM, CLASSES)
