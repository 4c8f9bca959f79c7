"""The machine: files, seeds, processes, signals, the terminal. Nothing here knows of distillation.

Imports `tdd.errors` alone. Start anywhere.
"""
