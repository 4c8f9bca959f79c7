"""Long short-term memory over time, in closed form; see `tdd.networks.kernels.recurrent.cells`."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from tdd.networks.kernels.recurrent.cells import StateWeights, by_gate, slope_of_tanh


@dataclass(frozen=True)
class _LSTMBack:
    z: Tensor  # (B, T, n, 4, h)
    h: Tensor  # gradients to the states and to the cells after each time
    c: Tensor

    @property
    def zx(self) -> Tensor:
        return self.z.flatten(-2)

    zh = zx


class LSTMCells:
    """Long short-term memory: gates i, f, g, o, c = f c + i g, h = o tanh c; see `Cells`.

    Attributes:
        a: (B, T, n, h), o (1 - tanh^2 c): the derivative of h to c.
        p: (B, T, n, 4, h), those of c to what i, f and g are given and of h to what o is given.
    """

    # Numbers of the shape (B, T, n, h): gates, slopes, p and z of the way back, and seven of one; the tangents.
    kept, working = 4 * 4 + 7, 4 * 4 + 8

    def __init__(self, zx: Tensor, weights: StateWeights):
        units = weights.weight.shape[2]
        self.weights, transposed = weights, weights.weight.mT
        self.gates = by_gate(zx.add_(weights.bias[:, None, None]), units)
        self.states, self.cells = (zx.new_zeros(len(zx), zx.shape[1] + 1, zx.shape[2], units) for _ in range(2))
        self.tanh = torch.empty_like(self.cells[:, 1:])
        h, c, tanh = self.states.unbind(1), self.cells.unbind(1), self.tanh.unbind(1)
        i, f, g, o = (gate.unbind(1) for gate in self.gates.unbind(-2))
        both = zx[..., : 2 * units].unbind(1)
        for t, z in enumerate(zx.unbind(1)):
            if t:
                z.baddbmm_(h[t], transposed)
            both[t].sigmoid_()
            o[t].sigmoid_()
            torch.mul(i[t], g[t].tanh_(), out=c[t + 1])
            if t:
                c[t + 1].addcmul_(f[t], c[t])
            torch.mul(o[t], torch.tanh(c[t + 1], out=tanh[t]), out=h[t + 1])
        self.slopes = torch.addcmul(self.gates, self.gates, self.gates, value=-1)
        self.slopes[..., 2, :] = slope_of_tanh(self.gates[..., 2, :])
        self.flat = slope_of_tanh(self.tanh)
        self.a = self.gates[..., 3, :] * self.flat
        self.p = torch.empty_like(self.slopes)
        for slope, factor, p in zip(self.slopes.unbind(-2), self.factors(), self.p.unbind(-2), strict=True):
            torch.mul(slope, factor, out=p)

    def factors(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """What each gate is multiplied by."""
        i, _, g, _ = self.gates.unbind(-2)
        return g, self.cells[:, :-1], i, self.tanh

    def back(self, states_bar: Tensor) -> _LSTMBack:
        """See `Cells`."""
        gates, weight = torch.empty_like(self.p), self.weights.weight
        self.bar = _LSTMBack(gates, states_bar.clone(), torch.empty_like(states_bar))
        h, c, z = self.bar.h.unbind(1), self.bar.c.unbind(1), gates.flatten(-2).unbind(1)
        z_c, z_o, p_c, p_o = (
            part.unbind(1) for each in (gates, self.p) for part in (each[..., :3, :], each[..., 3, :])
        )
        a, f = self.a.unbind(1), self.gates[..., 1, :].unbind(1)
        for t in reversed(range(len(h))):
            if t + 1 < len(h):
                h[t].baddbmm_(z[t + 1], weight)
                torch.mul(c[t + 1], f[t + 1], out=c[t]).addcmul_(h[t], a[t])
            else:
                torch.mul(h[t], a[t], out=c[t])
            torch.mul(p_c[t], c[t][..., None, :], out=z_c[t])
            torch.mul(p_o[t], h[t], out=z_o[t])
        return self.bar

    def tangent(self, dzx: Tensor, along: StateWeights) -> _LSTMTangent:
        """See `Cells`."""
        return _LSTMTangent(self, dzx, along)


class _LSTMTangent:
    def __init__(self, run: LSTMCells, dzx: Tensor, along: StateWeights):
        self.run, self.along, transposed = run, along, run.weights.weight.mT
        gates = dzx.add_(along.of(run.states[:, :-1]))
        self.gates = by_gate(gates, run.states.shape[-1])
        self.states, self.cells = torch.zeros_like(run.states), torch.zeros_like(run.cells)
        h, c, z = self.states.unbind(1), self.cells.unbind(1), gates.unbind(1)
        z_c, z_o, p_c, p_o = (
            part.unbind(1) for each in (self.gates, run.p) for part in (each[..., :3, :], each[..., 3, :])
        )
        a, f = run.a.unbind(1), run.gates[..., 1, :].unbind(1)
        for t in range(len(z)):
            if t:
                z[t].baddbmm_(h[t], transposed)
            torch.sum(z_c[t] * p_c[t], -2, out=c[t + 1]).addcmul_(f[t], c[t])
            torch.mul(z_o[t], p_o[t], out=h[t + 1]).addcmul_(a[t], c[t + 1])

    def back(self, d_states_bar: Tensor) -> tuple[Tensor, Tensor]:
        """See `Tangent`."""
        run, bar, weight = self.run, self.run.bar, self.run.weights.weight
        o, g = run.gates[..., 3, :], run.gates[..., 2, :]
        moved = self.gates * run.slopes
        d_slopes = torch.addcmul(moved, moved, run.gates, value=-2)
        torch.mul(g, moved[..., 2, :], out=d_slopes[..., 2, :]).mul_(-2)
        di, df, dg, do = moved.unbind(-2)
        d_tanh = run.flat * self.cells[:, 1:]
        da = (do * run.flat).addcmul_(o * run.tanh, d_tanh, value=-2)

        # What the gradients of the first way back give, and then what the loop adds.
        dz = torch.empty_like(moved)
        d_factors, given = (dg, self.cells[:, :-1], di, d_tanh), (bar.c, bar.c, bar.c, bar.h)
        for gate, (factor, d_factor) in enumerate(zip(run.factors(), d_factors, strict=True)):
            part = torch.mul(d_factor, run.slopes[..., gate, :], out=dz[..., gate, :])
            part.addcmul_(factor, d_slopes[..., gate, :]).mul_(given[gate])
        d_h, d_c = d_states_bar.clone(), bar.h * da
        d_h[:, :-1] += bar.zh[:, 1:] @ self.along.weight[:, None]
        d_c[:, :-1].addcmul_(bar.c[:, 1:], df[:, 1:])
        gates = dz.flatten(-2)
        h, c, z = d_h.unbind(1), d_c.unbind(1), gates.unbind(1)
        z_c, z_o, p_c, p_o = (part.unbind(1) for each in (dz, run.p) for part in (each[..., :3, :], each[..., 3, :]))
        a, f = run.a.unbind(1), run.gates[..., 1, :].unbind(1)
        for t in reversed(range(len(h))):
            if t + 1 < len(h):
                h[t].baddbmm_(z[t + 1], weight)
                c[t].addcmul_(c[t + 1], f[t + 1])
            c[t].addcmul_(h[t], a[t])
            z_c[t].addcmul_(p_c[t], c[t][..., None, :])
            z_o[t].addcmul_(p_o[t], h[t])
        return gates, gates
