"""Gradients of networks and the reverse of their gradient steps, by automatic differentiation or in closed form.

Kernels know no network but by what they are given. Start with `protocol`, then `autograd`, which serves any module.
"""
