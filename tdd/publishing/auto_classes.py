"""Makes the models that `tdd train` saves known to transformers' Auto classes, on request."""

from __future__ import annotations


def register_transformers() -> None:
    """Register `DistilledClassifier` and `PooledEncoder` with transformers, whose Auto classes and pipelines load them.

    Without this call these run the code beside the model where they are told to, by ``trust_remote_code=True``, and
    else refuse their model types, "tdd" and "tdd-encoder". Calling it again changes nothing.
    """
    # Imported here, since transformers takes seconds.
    from transformers import AutoConfig, AutoModelForSequenceClassification

    from tdd.publishing.pooled_encoder import PooledEncoder, PooledEncoderConfig
    from tdd.publishing.transformers_model import DistilledClassifier, DistilledConfig

    for config, model in ((DistilledConfig, DistilledClassifier), (PooledEncoderConfig, PooledEncoder)):
        AutoConfig.register(config.model_type, config, exist_ok=True)
        AutoModelForSequenceClassification.register(config, model, exist_ok=True)
