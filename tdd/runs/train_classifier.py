"""Train a network on a run's set and save it as a classifier of transformers, or publish that."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tdd.distilled_set.run_folder import read_run
from tdd.errors import UsageError
from tdd.hub.layout import CONFIG, MODELING
from tdd.publishing.commit import check_request
from tdd.publishing.pooled_encoder import PooledEncoderConfig
from tdd.publishing.push_model import push_model, target_of_model, tested_classifier
from tdd.publishing.trained_model import check_trainable, train_model
from tdd.publishing.transformers_model import DistilledConfig
from tdd.runs.named_run import folder_of_run, is_name_on_hub
from tdd.settings.networks import entry_of
from tdd.settings.said import Where
from tdd.system.files import read_json
from tdd.system.reporter import Reporter


@dataclass(frozen=True)
class Classifier:
    """A classifier that is saved or published.

    Attributes:
        place: its folder, or its name on the Hub.
        is_ours: whether transformers does not know its kind of model, which is tdd's.
        has_code: whether it carries its code.
        cuts_itself: whether the model cuts long texts, and not its tokenizer.
        of_pairs: whether it reads pairs of texts; None: that is not known.
        address: on the Hub; None: it was not published.
    """

    place: str
    is_ours: bool
    has_code: bool
    cuts_itself: bool
    of_pairs: bool | None = None
    address: str | None = None

    @classmethod
    def in_folder(
        cls, folder: Path, place: str | None = None, of_pairs: bool | None = None, address: str | None = None
    ) -> Classifier:
        """That of a folder, which is called `place` where it is used."""
        kind = read_json(folder / CONFIG).get("model_type")
        has_code = (folder / MODELING).is_file()
        cuts = kind == DistilledConfig.model_type
        is_ours = cuts or kind == PooledEncoderConfig.model_type
        return cls(place or str(folder), is_ours, has_code, cuts, of_pairs, address)

    def how_to_use(self) -> str:
        """What to write in Python, below a line that says where it is."""
        call = f'classify = transformers.pipeline("text-classification", {self.place!r}'
        call += "" if self.cuts_itself else ", truncation=True"
        lines = [f"{self.place}; to use it in Python:"]
        if self.is_ours:
            lines += ["import tdd, transformers", "tdd.register_transformers()", f"{call})"]
        else:
            lines += ["import transformers", f"{call})"]
        if self.has_code:
            lines += [f"# where tdd is not installed: {call}, trust_remote_code=True)"]
        if self.of_pairs:
            lines += ['classify({"text": "a text", "text_pair": "the text behind it"})']
        return "\n".join(lines + ([f"published: {self.address}"] if self.address else []))


def train_classifier(
    run: Path,
    output: Path | None,
    vocabulary: Literal["data", "full"] = "data",
    seed: int = 0,
    data: Where = None,
    network: str | None = None,
    repo: str | None = None,
    set_repo: str | None = None,
    private: bool = False,
    overwrite: bool = False,
    reporter: Reporter | None = None,
) -> Classifier:
    """Train a network on the set of a run, save it as a classifier of transformers, and publish it where that is asked.

    Args:
        run: folder of the run, or ``owner/name`` of a set on the Hub.
        output: a new or empty folder; None: none is kept, and `repo` is named.
        vocabulary, seed, data, network: see `tdd.publishing.trained_model.train_model`.
        repo: where the classifier is published, with the accuracy of this very network on its card; None: nowhere.
        set_repo: the set's name on the Hub, for a link on the card; None: that of `run` where it is one, or none.
        private, overwrite: see `tdd.publishing.push_model.push_model`.
        reporter: where progress is told; None: nowhere.

    Raises:
        UsageError: neither a folder nor a repository is named, or see `train_model` and `push_model`.
        TddError: see there.
    """
    reporter = reporter or Reporter(quiet=True)
    if output is None and repo is None:
        raise UsageError("say where the model goes: --output DIR, or --push owner/name")
    if repo is not None:
        check_request(repo)
    if set_repo is None and is_name_on_hub(run):
        set_repo = str(run)
    distilled = read_run(folder_of_run(run, reporter))
    of_pairs = distilled.pair is not None
    check_trainable(distilled, output, network)
    own_pieces = entry_of(distilled.alone(network).recipe.network).pretrained is not None
    if repo is not None:
        target_of_model(
            repo, private, overwrite
        ).prepare()  # whether it may be written to is known before it is trained
    with tempfile.TemporaryDirectory(prefix="tdd-") as temporary:
        folder = Path(temporary, "classifier") if output is None else output
        # An encoder reads none of the data's words, but is tested on them where it is published.
        train_model(distilled, folder, vocabulary, seed, None if own_pieces and repo is not None else data, network)
        if repo is None:
            return Classifier.in_folder(folder, None, of_pairs)
        distilled = distilled.alone(network)
        reporter.note("testing the model on the whole test split, for its card")
        tested = tested_classifier(distilled, seed, data)
        address = push_model(distilled, folder, repo, tested, set_repo, private, overwrite)
        return Classifier.in_folder(folder, repo, of_pairs, address)
