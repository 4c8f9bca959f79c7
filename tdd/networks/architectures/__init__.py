"""One file for each network; none knows another one.

A new network is a file here, and an entry with its options in `tdd.settings.networks`.
"""
