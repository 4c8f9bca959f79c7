"""The command line: each verb reads its arguments, calls one function of `tdd.runs`, and prints what came of it.

It may import everything below it, and nothing imports it. Start with `app`, which lists the verbs.
"""
