"""The version of this package, which its metadata are made from."""

__version__ = "0.2.0"
