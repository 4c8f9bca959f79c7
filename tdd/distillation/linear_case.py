"""Distillation of linear regression in closed form (paper 3.5).

    python -m tdd.distillation.linear_case

Data X (N x D) with targets y; the loss is half the mean squared error, θ* has the least. One gradient step of size η on
M distilled samples X~ (M x D) with labels y~ takes any start θ0 to

    θ1 = (I - (η/M) X~ᵀX~) θ0 + (η/M) X~ᵀy~.

For the predictions Xθ1 to be the least-squares ones whatever θ0 was, (η/M) X~ᵀX~ has to leave as it is every direction
that X depends on. So M is at least the number of linearly independent features, r = rank X, and with the r columns of V
an orthonormal basis of these directions

    X~ = √(M/η) Q Vᵀ,    y~ = X~ θ*

does it for every Q (M x r) with orthonormal columns; with independent features and M = D, V is the identity and Q
orthogonal. Then ‖y~‖² = (M/η) ‖θ*‖²: soft labels leave η free, while labels fixed at 0 and 1 force it. It becomes
M ‖θ*‖² / ‖y~‖², which is at least ‖θ*‖², and Q has to turn θ* onto y~.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tdd.errors import UsageError

Array = NDArray[np.float64]


@dataclass(frozen=True)
class LinearSet:
    """M distilled samples of a regression.

    Attributes:
        samples: X~ (M, D).
        labels: y~ (M,).
        rate: η, the size of the one gradient step.
    """

    samples: Array
    labels: Array
    rate: float

    def step(self, start: Array) -> Array:
        """The parameters (D,) after one gradient step from `start` (D,)."""
        residual = self.samples @ start - self.labels
        return start - self.rate / len(self.labels) * (self.samples.T @ residual)


def least_samples(data: Array) -> int:
    """The least number of distilled samples for arbitrary starts: linearly independent features of `data` (N, D)."""
    return int(np.linalg.matrix_rank(data))


def optimum(data: Array, targets: Array) -> Array:
    """θ* (D,), the least-squares parameters; the shortest of them where features depend on each other."""
    return np.asarray(np.linalg.lstsq(data, targets, rcond=None)[0])


def soft_label_set(data: Array, targets: Array, m: int | None = None, rate: float = 1.0) -> LinearSet:
    """A set with real-valued labels that trains to the optimum in one step from any start.

    Args:
        data: X (N, D).
        targets: y (N,).
        m: distilled samples; None: as few as can be.
        rate: the learning rate, any positive number.

    Raises:
        UsageError: m is below `least_samples`, the rate is not positive, or the data do not fit together.
    """
    basis, best, m = _problem(data, targets, m)
    if not (rate > 0 and np.isfinite(rate)):
        raise UsageError(f"the learning rate must be a positive number, not {rate}")
    samples = np.sqrt(m / rate) * np.eye(m, basis.shape[1]) @ basis.T
    return LinearSet(samples, samples @ best, rate)


def hard_label_set(data: Array, targets: Array, m: int | None = None, labels: Array | None = None) -> LinearSet:
    """A set with labels fixed at 0 and 1 that does the same, at the learning rate that the labels force.

    Args:
        data: X (N, D).
        targets: y (N,).
        m: distilled samples; None: as many as `labels`, else as few as can be.
        labels: y~ (M,) of zeros and ones; None: all ones, which force the lowest rate, ‖θ*‖².

    Raises:
        UsageError: no such set: m is below `least_samples`, labels are no zeros and ones or not m of them, or θ* is
            zero and they are not, or the other way round.
    """
    basis, best, m = _problem(data, targets, m if labels is None or m is not None else len(labels))
    size = float(best @ best)
    if labels is None:
        labels = np.ones(m) if size else np.zeros(m)
    if labels.shape != (m,) or not np.isin(labels, (0.0, 1.0)).all():
        raise UsageError(f"hard labels are {m} numbers, each 0 or 1")
    if bool(labels.any()) != bool(size):
        raise UsageError("labels are all 0 where the optimum is 0, and there alone, since y~ = X~ θ*")
    rate = m * size / float(labels @ labels) if size else 1.0
    start = np.pad(basis.T @ best, (0, m - basis.shape[1]))
    samples = np.sqrt(m / rate) * _turn(start, labels)[:, : basis.shape[1]] @ basis.T
    return LinearSet(samples, labels, rate)


def unmoved_direction(data: Array, samples: Array) -> Array | None:
    """A unit vector (D,) that predictions on `data` depend on and no step on `samples` (M, D) moves, or None.

    Two starts that differ by it differ by it after the step too, whatever labels and rate, so that at most one of them
    reaches the optimum. There always is one for fewer samples than `least_samples`.
    """
    basis = _basis(data)
    seen = samples @ basis
    if np.linalg.matrix_rank(seen) == basis.shape[1]:
        return None
    return np.asarray(basis @ np.linalg.svd(seen)[2][-1])


def _problem(data: Array, targets: Array, m: int | None) -> tuple[Array, Array, int]:
    """V, θ* and M."""
    if (
        data.ndim != 2
        or targets.shape != data.shape[:1]
        or not (np.isfinite(data).all() and np.isfinite(targets).all())
    ):
        raise UsageError(f"data {data.shape} and targets {targets.shape} must be finite numbers, (N, D) and (N,)")
    basis = _basis(data)
    least = basis.shape[1]
    if not least:
        raise UsageError("the data are all zero: there is nothing to learn")
    if m is not None and m < least:
        raise UsageError(f"{m} samples cannot do it from every start: the data have {least} independent features")
    # On the directions that the data depend on; numerically the shortest solution already is.
    return basis, basis @ (basis.T @ optimum(data, targets)), m or least


def _basis(data: Array) -> Array:
    """V (D, r): an orthonormal basis of the directions that predictions depend on; the identity where all are."""
    rank = least_samples(data)
    if rank == data.shape[1]:
        return np.eye(rank)
    return np.asarray(np.linalg.svd(data, full_matrices=False)[2][:rank].T)


def _turn(start: Array, end: Array) -> Array:
    """An orthogonal matrix that takes `start` onto the direction of `end`, by Householder's reflection."""
    if not (start.any() and end.any()):
        return np.eye(len(start))
    normal = start / np.linalg.norm(start) - end / np.linalg.norm(end)
    square = float(normal @ normal)
    reflection = np.eye(len(start))
    return reflection - 2 / square * np.outer(normal, normal) if square > 0 else reflection


def case_study() -> str:
    """The case study on scikit-learn's diabetes data, as text: sets of least size, and errors after a step."""
    from sklearn.datasets import load_diabetes

    features, targets = load_diabetes(return_X_y=True)
    targets = targets - targets.mean()
    dependent = np.column_stack([features, features[:, 0] + features[:, 1], 2 * features[:, 2]])
    random = np.random.default_rng(0)
    lines = ["Linear regression on diabetes progression (scikit-learn), one gradient step", ""]
    for name, data in (("as it comes", features), ("with two dependent features more", dependent)):
        least, best = least_samples(data), optimum(data, targets)
        lines.append(f"{name}: n = {len(data)}, D = {data.shape[1]}, rank = {least}; least distilled samples = {least}")
        lines.append(f"  optimum: ‖θ*‖² = {best @ best:.4g}, mean squared error {_error(data, targets, best):.2f}")
        mixed = np.arange(least, dtype=np.float64) % 2
        sets = {
            "soft labels, rate 0.1": soft_label_set(data, targets, rate=0.1),
            "soft labels, rate 10": soft_label_set(data, targets, rate=10.0),
            "hard labels, all 1": hard_label_set(data, targets),
            "hard labels, 0 and 1": hard_label_set(data, targets, labels=mixed),
        }
        starts = [scale * random.standard_normal(data.shape[1]) for scale in (0.0, 1.0, 100.0)]
        for kind, linear_set in sets.items():
            off = max(float(np.abs(data @ (linear_set.step(start) - best)).max()) for start in starts)
            lines.append(f"  {kind}: η = {linear_set.rate:.4g}, labels {_numbers(linear_set.labels)}")
            lines.append(
                f"    farthest from the best predictions after a step, from starts of scale 0, 1, 100: {off:.1e}"
            )
        fewer = soft_label_set(data, targets).samples[:-1]
        direction = unmoved_direction(data, fewer)
        assert direction is not None  # fewer samples than independent features
        lines.append(f"  {least - 1} samples: never moved is the direction {_numbers(direction)}")
        lines.append("")
    return "\n".join(lines).rstrip()


def _error(data: Array, targets: Array, theta: Array) -> float:
    return float(np.mean((data @ theta - targets) ** 2))


def _numbers(values: Array) -> str:
    return "(" + ", ".join(f"{value + 0.0:.3g}" for value in values) + ")"


if __name__ == "__main__":
    print(case_study())
