"""Makes the models that `tdd train` saves known to transformers' Auto classes, on request."""

from __future__ import annotations


def register_transformers() -> None:
    """Register `DistilledClassifier` with transformers' Auto classes, so that `transformers.pipeline` loads it.

    A saved model holds no code; without this call transformers refuses its model type, "tdd". Calling it again changes
    nothing.

    Raises:
        TddError: transformers is not installed.
    """
    # Imported here, since transformers takes seconds.
    from tdd.publishing.transformers_model import register

    register()
