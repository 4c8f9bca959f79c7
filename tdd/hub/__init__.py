"""The Hugging Face Hub: what it answers and refuses, and how a set or an encoder is fetched and checked.

Imports `tdd.settings` and what lies below. Start with `client`.
"""
