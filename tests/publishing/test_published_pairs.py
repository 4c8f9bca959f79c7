"""Sets of pairs of texts are learned, saved, decoded, published, tested again and made into a model as pairs."""

import json
import subprocess
import sys

import pytest
import torch
from command import tdd as tdd_command
from pair_data import pairs, write_pair_vectors, write_pairs
from tiny import tiny_recipe
from tiny_encoders import tiny_encoder

import tdd
from tdd.data.corpus import load_corpus
from tdd.distillation.distiller import Distiller
from tdd.distilled_set.set import DistilledSet
from tdd.distilled_set.vectors import load_vectors_of
from tdd.embeddings.separator import SEPARATOR
from tdd.embeddings.word_vectors import load_vectors
from tdd.errors import UsageError
from tdd.evaluation.evaluation import evaluate
from tdd.inspection.decode import decode
from tdd.inspection.show import show
from tdd.publishing.card import card
from tdd.publishing.contents import contents
from tdd.publishing.saved_model import SavedModel
from tdd.publishing.tables import readable_table
from tdd.publishing.trained_model import train_model, trained_network
from tdd.runs.open_data import open_corpus_of
from tdd.runs.predict import predict
from tdd.system.reporter import Reporter


@pytest.fixture(scope="module", params=["free", "words", "bag_of_words", "encoder"])
def made(request, tmp_path_factory):
    """A set of pairs, and the corpus it was made from."""
    folder = tmp_path_factory.mktemp("pairs")
    settings = {
        "free": {"init": "random"},
        "words": {"samples": "words", "samples_lr": 1e-5},
        "bag_of_words": {"network": "bag_of_words", "words": 10},
        "encoder": {"network": tiny_encoder(), "samples": "words", "samples_lr": 1e-5},
    }[request.param]
    if request.param != "encoder":
        settings["vectors"] = str(write_pair_vectors(folder / "v.txt"))
    data = write_pairs(folder / "d.csv", pairs())
    recipe = tiny_recipe(
        dataset=str(data), text_column="premise,hypothesis", max_length=9, outer_steps=2, n=4, **settings
    )
    corpus = load_corpus(recipe)
    return Distiller(recipe, corpus).run(), corpus


def test_a_set_is_saved_and_tested_again_as_one_of_pairs(made, tmp_path):
    distilled, corpus = made
    distilled.save_pretrained(tmp_path)
    loaded = DistilledSet.from_pretrained(tmp_path)
    recipe, again = open_corpus_of(loaded, None, Reporter(quiet=True))
    assert recipe.text_column == "premise,hypothesis" and again.fingerprint == corpus.fingerprint
    count = 2 if recipe.init == "random" else None
    assert evaluate(loaded, again.test, count).accuracies == evaluate(distilled, corpus.test, count).accuracies
    about = json.loads((tmp_path / "embedding.json").read_text())["separator"]
    assert about == ["[SEP]"] or (about["word"] == SEPARATOR and about["s"] > 0)


def test_it_is_decoded_and_published_with_the_separator(made):
    distilled, corpus = made
    vectors = load_vectors_of(distilled)
    assert vectors.checksum == corpus.train.vectors.checksum
    nearest, _ = vectors.nearest(vectors.embed(torch.tensor(vectors.separator)), 1)
    assert vectors.words[nearest[0, 0]] == SEPARATOR
    texts = [sentence.text for sentence in decode(distilled, vectors)]
    assert show(distilled, format="text").splitlines() == texts
    if distilled.sentences:  # which start as real pairs
        assert all(SEPARATOR in text for text in texts)
        assert all(SEPARATOR in text.split(" ") for text in readable_table(distilled)["text"])
    assert {"embedding.json", "default/train.parquet"} <= contents(distilled, "me/x").keys()


def test_vectors_without_the_separator_are_refused_with_what_to_load(made):
    distilled, _ = made
    if distilled.recipe.network.startswith("hf:"):
        return
    with pytest.raises(UsageError, match=r"decode it with those: tdd\.load_vectors\('v\.txt', pair=True\)"):
        decode(distilled, load_vectors(distilled.recipe.vectors))


def test_the_card_says_how_a_pair_is_put_together(made):
    text = card(made[0], "me/pairs")
    assert "A text is a pair: that of `premise`, then `[SEP]` (" in text and "), then that of `hypothesis`.\n" in text
    if made[0].recipe.network.startswith("hf:"):
        assert "(all tokens are of type 0)" in text and "text_pair" not in text
    else:
        assert "its vector is in `embedding.json`" in text and 'classify({"text": "a text", "text_pair":' in text
        assert 'vectors.add_vectors(["[SEP]"]' in text


def test_a_trained_model_reads_raw_pairs_with_our_logits(made, tmp_path):
    from transformers import pipeline

    distilled, corpus = made
    if distilled.recipe.network.startswith("hf:"):
        return
    train_model(distilled, tmp_path / "model")
    network, vectors = trained_network(distilled), corpus.train.vectors
    tdd.register_transformers()
    answer = pipeline("text-classification", str(tmp_path / "model"))
    rows = [(first, second) for first, second, _ in pairs(6, seed=3)]
    rows += [("the film " * 9, "a good story"), ("good", "bad poor dull " * 9), ("", "good"), ("bad " * 9, "dull " * 9)]
    firsts, seconds = map(list, zip(*rows, strict=True))
    batch = answer.tokenizer(firsts, seconds, return_tensors="pt", padding=True)
    with torch.no_grad():
        theirs = answer.model(**batch).logits
    encoded = vectors.encode_all(firsts, seconds)
    arrays = (torch.from_numpy(array) for array in (encoded.ids, encoded.offsets))
    split = type(corpus.train)(*arrays, torch.zeros(len(rows), dtype=torch.long), vectors, distilled.recipe.max_length)
    for place, logits in enumerate(theirs):
        x, mask = split.batch(torch.tensor([place])).inputs()
        with torch.no_grad():
            ours = network(x, mask) if answer.model.takes_mask else network(x)
        torch.testing.assert_close(logits, ours[0], rtol=1e-5, atol=1e-5)
    first = answer({"text": rows[0][0], "text_pair": rows[0][1]})
    assert first["label"] == distilled.classes[int(theirs[0].argmax())]


def test_a_saved_model_of_pairs_reads_no_single_texts_and_the_other_way_round(made, tmp_path):
    distilled, _ = made
    train_model(distilled, tmp_path / "model")
    model = SavedModel(tmp_path / "model")
    assert model.probabilities([("a film", "a story")]).shape == (1, 2)
    with pytest.raises(UsageError, match="the model reads pairs of texts, and these are single ones"):
        model.probabilities(["a film"])
    config = json.loads((tmp_path / "model/config.json").read_text())
    config["made_from"]["of_pairs"] = False
    (tmp_path / "model/config.json").write_text(json.dumps(config))
    with pytest.raises(UsageError, match="the model reads single texts, and these are pairs of them"):
        SavedModel(tmp_path / "model").probabilities([("a film", "a story")])


@pytest.mark.slow
def test_a_run_of_pairs_from_the_command_line_to_a_model_in_a_fresh_process(tmp_path):
    data, vectors = write_pairs(tmp_path / "d.csv", pairs(160)), write_pair_vectors(tmp_path / "v.txt")
    run, model = tmp_path / "run", tmp_path / "model"
    settings = {"outer_steps": 3, "max_length": 12, "filters": 10, "validate_every": 3}
    sets = [part for name, value in settings.items() for part in ("--set", f"{name}={value}")]
    command = ["distill", data, "--text-column", "premise,hypothesis", "--vectors", vectors, "--n", 4, *sets]
    assert tdd_command(*command, "--output", run).code == 0
    assert tdd_command("evaluate", run).code == 0
    printed = tdd_command("train", run, "--output", model)
    assert printed.out.splitlines()[-1] == 'classify({"text": "a text", "text_pair": "the text behind it"})'
    code = "\n".join([*printed.out.splitlines()[1:-1], f"print({printed.out.splitlines()[-1]}['label'])"])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() in ("same", "other"), done.stderr


@pytest.mark.parametrize("encoder", [False, True])
def test_a_single_column_whose_name_holds_a_comma_is_no_pair(encoder, tmp_path):
    vectors = {} if encoder else {"vectors": str(write_pair_vectors(tmp_path / "v.txt"))}
    network = {"network": tiny_encoder()} if encoder else {}
    rows = [f'"{first} {second}",{label}' for first, second, label in pairs()]
    (tmp_path / "d.csv").write_text("\n".join(['"premise,hypothesis",label', *rows, ""]))
    column = "premise,hypothesis"
    recipe = tiny_recipe(dataset=str(tmp_path / "d.csv"), text_column=column, outer_steps=2, n=4, **vectors, **network)
    corpus = load_corpus(recipe)
    distilled = Distiller(recipe, corpus).run()
    distilled.results["data"] = corpus.reading
    distilled.save_pretrained(tmp_path / "run")
    loaded = DistilledSet.from_pretrained(tmp_path / "run")
    assert loaded.pair is None and "pair" not in corpus.reading
    text = card(loaded, "me/single")
    assert "Examples are those of column `premise,hypothesis`" in text
    assert "A text is a pair" not in text and "text_pair" not in text
    assert predict(loaded, ["the film was good ."]).rows()[0]["label"] in ("same", "other")
    if not encoder:
        done = tdd_command("train", tmp_path / "run", "--output", tmp_path / "model")
        assert done.code == 0 and "text_pair" not in done.out


def test_a_set_of_pairs_knows_its_columns_and_reads_nothing_else(made, tmp_path):
    distilled, corpus = made
    distilled.save_pretrained(tmp_path)
    loaded = DistilledSet.from_pretrained(tmp_path)
    assert loaded.pair == ("premise", "hypothesis") and corpus.reading["pair"] == ["premise", "hypothesis"]
    with pytest.raises(UsageError, match="not a pair of texts"):
        predict(loaded, ["the film was good ."])
    assert predict(loaded, [("the film was good .", "a story ?")]).rows()[0]["label"] in ("same", "other")
