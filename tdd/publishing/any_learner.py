"""Scripts of a card that train other learners on a set's sentences as plain text, without its vectors and rates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tdd.hub.encoders import MINILM_ON_HUB
from tdd.publishing.joined import are_pieces
from tdd.publishing.script_template import script_of
from tdd.publishing.tested_on import TestedOn, is_known
from tdd.settings.tokenizer_names import CHARACTERS

if TYPE_CHECKING:
    from tdd.distilled_set.set import DistilledSet

LEARNERS = {
    "tfidf": "TF-IDF and logistic regression, by scikit-learn",
    "vectors": "Sentence vectors of a pretrained encoder and logistic regression",
    "transformers": "A pretrained encoder, fine-tuned",
}
"""What the scripts train."""
LONGEST = 256
"""Word pieces that an encoder reads of a text."""


def any_learner_section(distilled: DistilledSet, repo: str) -> str:
    """How many words the set has, and a script for each of `LEARNERS`; "" of a set that is not made of sentences."""
    if distilled.sentences is None or not is_known(distilled):
        return ""
    count, pieces = len(distilled.sentences.texts()), are_pieces(distilled)
    parts = [
        "## Train anything on it",
        f"The {count} texts, {distilled.words:,} {'word pieces' if pieces else 'words'} in all, and their labels are "
        "enough: `text`, `soft_label` "
        "(numbers below 0 count as 0, the others are divided by their sum; where none is above 0, by softmax) and "
        "`label`, the class with the largest. "
        "What a learner reaches so stands in the section on other learners, where it was measured.",
    ]
    for learner, about in LEARNERS.items():
        script = any_learner_script(distilled, repo, learner)
        parts.append(f"<details><summary>{about}</summary>\n\n```python\n{script}```\n\n</details>")
    return "\n\n".join(parts)


def any_learner_script(distilled: DistilledSet, repo: str, learner: str) -> str:
    """A script that trains one of `LEARNERS` on the texts of the set `repo`, and tests it on the real test split."""
    tested = TestedOn.of(distilled)
    values = {"repo": repo, "learner": learner, "about": LEARNERS[learner], "encoder": MINILM_ON_HUB, "length": LONGEST}
    recipe = distilled.recipe
    values |= {"characters": recipe.tokenizer == CHARACTERS, "kept_apart": recipe.keep_labels, **tested.values()}
    return script_of("any_learner.py.jinja", values, [*tested.data.packages, *(["torch"] if tested.some else [])])
