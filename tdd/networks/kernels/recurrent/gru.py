"""Gated recurrent units over time, in closed form; see `tdd.networks.kernels.recurrent.cells`."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from tdd.networks.kernels.recurrent.cells import StateWeights, by_gate, slope_of_tanh


@dataclass(frozen=True)
class _GRUBack:
    zx: Tensor
    zh: Tensor
    h: Tensor  # gradients to the states after each time


class GRUCells:
    """Gated recurrent units: gates r, z, n = tanh(zx + r zh), h = (1 - z) n + z h; see `Cells`.

    Attributes:
        cx, ch: (B, T, n, 3, h), the derivatives of h to what x and the state give to r, z and n.
    """

    # As above: gates, cx, ch, and of the way back zx and zh, and six of one; the tangents.
    kept, working = 5 * 3 + 6, 5 * 3 + 12

    def __init__(self, zx: Tensor, weights: StateWeights):
        units = weights.weight.shape[2]
        self.weights, transposed, bias = weights, weights.weight.mT, weights.bias[:, None]
        self.gates = by_gate(zx, units)
        self.states = zx.new_zeros(len(zx), zx.shape[1] + 1, zx.shape[2], units)
        self.zh_n = torch.empty_like(self.states[:, 1:])
        r, update, n = (gate.unbind(1) for gate in self.gates.unbind(-2))
        h, zh_n, both = self.states.unbind(1), self.zh_n.unbind(1), zx[..., : 2 * units].unbind(1)
        for t in range(len(n)):
            zh = torch.baddbmm(bias, h[t], transposed)
            both[t].add_(zh[..., : 2 * units]).sigmoid_()
            n[t].addcmul_(r[t], zh_n[t].copy_(zh[..., 2 * units :])).tanh_()
            torch.lerp(n[t], h[t], update[t], out=h[t + 1])
        self._differentiate(*self.gates.unbind(-2))

    def _differentiate(self, r: Tensor, update: Tensor, n: Tensor) -> None:
        self.r_slope, self.z_slope = (torch.addcmul(gate, gate, gate, value=-1) for gate in (r, update))
        self.n_slope = slope_of_tanh(n)
        self.cx = torch.empty_like(self.gates)
        to_r, to_z, to_n = self.cx.unbind(-2)
        torch.mul(1 - update, self.n_slope, out=to_n)
        torch.mul(self.states[:, :-1] - n, self.z_slope, out=to_z)
        torch.mul(to_n, self.zh_n, out=to_r).mul_(self.r_slope)
        self.ch = self.cx.clone()
        self.ch[..., 2, :] *= r

    def back(self, states_bar: Tensor) -> _GRUBack:
        """See `Cells`."""
        gates, h_bar, weight = torch.empty_like(self.ch), states_bar.clone(), self.weights.weight
        h, zh, parts = h_bar.unbind(1), gates.flatten(-2).unbind(1), gates.unbind(1)
        update, ch = self.gates[..., 1, :].unbind(1), self.ch.unbind(1)
        for t in reversed(range(len(h))):
            if t + 1 < len(h):
                h[t].addcmul_(h[t + 1], update[t + 1]).baddbmm_(zh[t + 1], weight)
            torch.mul(ch[t], h[t][..., None, :], out=parts[t])
        self.bar = _GRUBack((self.cx * h_bar[..., None, :]).flatten(-2), gates.flatten(-2), h_bar)
        return self.bar

    def tangent(self, dzx: Tensor, along: StateWeights) -> _GRUTangent:
        """See `Cells`."""
        return _GRUTangent(self, dzx, along)


class _GRUTangent:
    def __init__(self, run: GRUCells, dzx: Tensor, along: StateWeights):
        self.run, self.along, units, transposed = run, along, run.states.shape[-1], run.weights.weight.mT
        self.zx, gates = by_gate(dzx, units), along.of(run.states[:, :-1])
        self.zh = by_gate(gates, units)
        self.states = torch.zeros_like(run.states)
        torch.sum(self.zx * run.cx, -2, out=self.states[:, 1:])
        h, zh, parts = self.states.unbind(1), gates.unbind(1), self.zh.unbind(1)
        update, ch = run.gates[..., 1, :].unbind(1), run.ch.unbind(1)
        for t in range(len(zh)):
            if t:
                zh[t].baddbmm_(h[t], transposed)
            h[t + 1].add_((parts[t] * ch[t]).sum(-2)).addcmul_(update[t], h[t])

    def back(self, d_states_bar: Tensor) -> tuple[Tensor, Tensor]:
        """See `Tangent`."""
        run, bar, weight = self.run, self.run.bar, self.run.weights.weight
        r, z, n = run.gates.unbind(-2)
        zx, zh = self.zx.unbind(-2), self.zh.unbind(-2)
        dr, dz = run.r_slope * (zx[0] + zh[0]), run.z_slope * (zx[1] + zh[1])
        dn = run.n_slope * (zx[2] + dr * run.zh_n + r * zh[2])
        before, to_n = run.states[:, :-1], run.cx[..., 2, :]
        d_cx = torch.empty_like(run.cx)
        to_r, to_z, d_to_n = d_cx.unbind(-2)
        torch.mul(dz, run.n_slope, out=d_to_n).neg_().addcmul_((1 - z) * n, dn, value=-2)
        torch.mul(self.states[:, :-1] - dn, run.z_slope, out=to_z).addcmul_(
            before - n, torch.addcmul(dz, z, dz, value=-2)
        )
        torch.mul(d_to_n, run.zh_n, out=to_r).addcmul_(to_n, zh[2]).mul_(run.r_slope)
        to_r.addcmul_(to_n * run.zh_n, torch.addcmul(dr, r, dr, value=-2))
        d_ch = d_cx.clone()
        d_ch[..., 2, :].mul_(r).addcmul_(to_n, dr)

        gates = d_ch.mul_(bar.h[..., None, :]).flatten(-2)
        d_h = d_states_bar.clone()
        d_h[:, :-1].addcmul_(bar.h[:, 1:], dz[:, 1:]).add_(bar.zh[:, 1:] @ self.along.weight[:, None])
        h, dzh, parts = d_h.unbind(1), gates.unbind(1), d_ch.unbind(1)
        update, ch = z.unbind(1), run.ch.unbind(1)
        for t in reversed(range(len(h))):
            if t + 1 < len(h):
                h[t].addcmul_(h[t + 1], update[t + 1]).baddbmm_(dzh[t + 1], weight)
            parts[t].addcmul_(ch[t], h[t][..., None, :])
        dzx = d_cx.mul_(bar.h[..., None, :]).addcmul_(run.cx, d_h[..., None, :])
        return dzx.flatten(-2), gates
