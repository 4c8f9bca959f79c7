"""Every setting: the recipe, the recipes that come with the package, and what a command line says of them.

Imports `tdd.system` and `tdd.errors`, and no torch. Start with `parts`.
"""
