"""Makes the models that `tdd train` saves known to transformers' Auto classes, on request."""

from __future__ import annotations


def register_transformers() -> None:
    """Register `DistilledClassifier` with transformers' Auto classes, so that `transformers.pipeline` loads it.

    Without this call they run the code beside the model where they are told to, by ``trust_remote_code=True``, and else
    refuse its model type, "tdd". Calling it again changes nothing.
    """
    # Imported here, since transformers takes seconds.
    from transformers import AutoConfig, AutoModelForSequenceClassification

    from tdd.publishing.transformers_model import DistilledClassifier, DistilledConfig

    AutoConfig.register(DistilledConfig.model_type, DistilledConfig, exist_ok=True)
    AutoModelForSequenceClassification.register(DistilledConfig, DistilledClassifier, exist_ok=True)
