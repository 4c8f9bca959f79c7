"""Plain learners get the texts and labels as they are, choose on held-out data, and meet the test split at the end."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from command import distil_command, tdd, write_data, write_vectors
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from tiny import LENGTH, tiny_corpus, tiny_recipe
from torch.func import functional_call
from torch.nn.functional import cross_entropy

from tdd import evaluation_run, plain_learners, plain_text
from tdd.coresets import herding, k_center
from tdd.distilled import DistilledSet
from tdd.distiller import Distiller
from tdd.errors import UsageError
from tdd.networks import build_network
from tdd.networks.kernel import draw
from tdd.plain_learners import AdamTextCNN, TfIdf, soft_logistic_regression, word_counts
from tdd.plain_text import distilled_texts, plain_text_accuracy, probabilities, real_texts
from tdd.seeds import generator
from tdd.sentences import Sentences
from tdd.text import TextSplit

CORPUS = tiny_corpus(3)
TRAIN = CORPUS.train
DRAWS = 3
CPU = torch.device("cpu")


@pytest.fixture(scope="module", autouse=True)
def short():
    """Few settings and short training."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plain_learners, "RATES", (0.001, 0.03))
        patch.setattr(plain_learners, "EPOCHS", (1, 4))
        patch.setattr(plain_learners, "TRIALS", 2)
        patch.setattr(plain_text, "DRAWS", DRAWS)
        yield


@pytest.fixture(scope="module")
def made() -> DistilledSet:
    """Eight sentences of words for three classes, some of them padded."""
    recipe = tiny_recipe(n=8, steps=2, samples="words", padding="end", excluded_words=["word1"], init="random")
    return Distiller(recipe, CORPUS).run()


@pytest.fixture(scope="module")
def found(made):
    return plain_text_accuracy(made, CORPUS, networks=4)


def texts_of(split: TextSplit) -> list[str]:
    """Each text of a split, whole, as words joined by spaces; words without a vector are left out."""
    ends = zip(split.offsets[:-1], split.offsets[1:], strict=True)
    return [" ".join(split.vectors.words[id_ - 1] for id_ in split.ids[a:b] if id_) for a, b in ends]


def plain(corpus=CORPUS, networks=4, **settings) -> AdamTextCNN:
    recipe = tiny_recipe(**settings)
    return AdamTextCNN(recipe, len(corpus.classes), corpus.validation, corpus.test, None, networks, CPU)


def some_texts(n: int = 20, soft: bool = True) -> TextSplit:
    texts = real_texts(TRAIN, torch.arange(n), 3)
    if soft:
        texts.labels = torch.rand(n, 3, generator=generator(0)).softmax(1)
    return texts


# Labels


def test_soft_labels_become_probabilities():
    labels = torch.tensor([[1.5, -2.0, 0.5], [0.0, 3.0, 0.0], [-1.0, -2.0, -3.0], [0.0, 0.0, 0.0]])
    softmax = torch.exp(torch.tensor([-1.0, -2.0, -3.0]))
    expected = torch.stack(
        [
            torch.tensor([0.75, 0.0, 0.25]),
            torch.tensor([0.0, 1.0, 0.0]),
            softmax / softmax.sum(),
            torch.full((3,), 1 / 3),
        ]
    )
    torch.testing.assert_close(probabilities(labels), expected)


@pytest.mark.parametrize("scale", [1e-30, 1e38])
def test_probabilities_of_any_labels_are_finite_and_sum_to_one(scale):
    shares = probabilities(scale * torch.rand(200, 4, generator=generator(1)).mul(6).sub(3))
    assert (shares >= 0).all()
    torch.testing.assert_close(shares.sum(1), torch.ones(200))


def test_the_distilled_texts_are_the_sets_words_with_their_own_labels(made):
    texts = distilled_texts(made.sentences, made.labels, TRAIN)
    assert texts_of(texts) == made.sentences.texts()
    for place in range(8):
        own = made.labels[place // 4, place % 4]
        assert torch.equal(texts.labels[place], probabilities(own[None])[0])
    assert len({len(text.split()) for text in texts_of(texts)}) > 1


def test_real_texts_are_whole_and_bear_the_labels_they_have_in_the_data():
    places = torch.tensor([7, 3, 50, 7])
    texts = real_texts(TRAIN, places, 3)
    everything = texts_of(TRAIN)
    assert texts_of(texts) == [everything[place] for place in places]
    assert texts.labels.argmax(1).tolist() == TRAIN.labels[places].tolist()
    assert texts.labels.sort(1).values.tolist() == [[0, 0, 1]] * 4
    longest = int(np.diff(TRAIN.offsets).argmax())
    assert len(texts_of(real_texts(TRAIN, torch.tensor([longest]), 3))[0].split()) > LENGTH


# TF-IDF and logistic regression


def test_word_counts_are_those_of_the_texts_and_leave_the_split_alone():
    ids = torch.tensor([3, 0, 3, 3, 1, 2, 1, 0], dtype=torch.int32)
    split = TextSplit(ids.clone(), torch.tensor([0, 5, 7, 8]), torch.tensor([0, 1, 2]), TRAIN.vectors, LENGTH)
    counts = word_counts(split, torch.tensor([2, 0, 1])).toarray()
    assert counts.shape == (3, len(TRAIN.vectors))
    assert counts[:, :3].tolist() == [[0, 0, 0], [1, 0, 3], [1, 1, 0]] and counts[:, 3:].sum() == 0
    assert split.ids.tolist() == ids.tolist()


@pytest.mark.parametrize("value", [0.1, 10.0])
def test_hard_labels_give_the_ordinary_pipeline_of_scikit_learn(value):
    texts = some_texts(soft=False)
    vectorizer = TfidfVectorizer(token_pattern=r"\S+", lowercase=False)
    x = vectorizer.fit_transform(texts_of(texts))
    classifier = LogisticRegression(C=value, max_iter=1000).fit(x, texts.labels.argmax(1))
    expected = classifier.score(vectorizer.transform(texts_of(CORPUS.test)), CORPUS.test.labels)
    assert TfIdf(CORPUS.validation, CORPUS.test, None).test([texts], {"C": value}) == [pytest.approx(expected)]


def test_soft_labels_give_the_maximum_of_the_weighted_likelihood():
    texts, value = some_texts(), 3.0
    x = torch.rand(20, 5, generator=generator(2), dtype=torch.float64)
    fitted = soft_logistic_regression(x.numpy(), texts.labels, value)
    weight, bias = (torch.tensor(part, requires_grad=True) for part in (fitted.coef_, fitted.intercept_))
    likelihood = (texts.labels.double() * (x @ weight.T + bias).log_softmax(1)).sum()
    (value * likelihood - weight.square().sum() / 2).backward()
    assert weight.grad.abs().max() < 1e-2 and bias.grad.abs().max() < 1e-2
    hard = LogisticRegression(C=value).fit(x.numpy(), texts.labels.argmax(1).numpy())
    assert np.abs(hard.coef_ - fitted.coef_).max() > 0.1


def test_classes_without_any_weight_are_known_and_not_chosen():
    labels = torch.tensor([[0.0, 1.0, 0.0], [0.0, 1.0, 0.0]])
    fitted = soft_logistic_regression(np.eye(2), labels, 1.0)
    assert fitted.classes_.tolist() == [0, 1, 2]
    assert fitted.predict(np.eye(2)).tolist() == [1, 1]


def test_the_vocabulary_is_that_of_the_texts_learned_from():
    texts = some_texts(4)
    known = {word for text in texts_of(texts) for word in text.split()}
    ids = np.where(np.isin(CORPUS.test.ids, [TRAIN.vectors.id_of(word) for word in known]), CORPUS.test.ids, 0)
    cut = TextSplit(
        torch.from_numpy(ids), torch.from_numpy(CORPUS.test.offsets), CORPUS.test.labels, TRAIN.vectors, LENGTH
    )
    assert (ids == 0).any()
    whole, without = (TfIdf(CORPUS.validation, test, None).test([texts], {"C": 1.0}) for test in (CORPUS.test, cut))
    assert whole == without


def test_texts_without_a_word_are_one_clear_line():
    empty = TextSplit(torch.zeros(2, dtype=torch.int32), torch.tensor([0, 1, 2]), torch.eye(2), TRAIN.vectors, LENGTH)
    with pytest.raises(UsageError, match="no word that has a vector"):
        TfIdf(CORPUS.validation, CORPUS.test, None).choose([empty])


# TextCNN


@pytest.mark.parametrize("n", [5, 20])
def test_a_text_cnn_is_what_a_plain_loop_of_torch_trains(n):
    texts, learner = some_texts(n), plain()
    found = list(learner._train(texts, "network", 1, 0.01, 0.0, (1, 3)))
    network = build_network(learner.recipe, TRAIN.sample_shape, 3).eval()
    theta = {name: t[0] for name, t in draw(network, [generator(0, "plain text", "network", 1)]).items()}
    for name, parameter in network.named_parameters():
        parameter.data = theta[name].clone()
    optimiser = torch.optim.Adam(network.parameters(), lr=0.01)
    for epoch in range(1, 4):
        order = torch.randperm(n, generator=generator(0, "plain text", "network", 1, "order", epoch))
        for chosen in order.split(n if n <= plain_learners.BATCH else n // 2):
            x = torch.cat([texts.batch(place[None]).dense() for place in chosen])
            optimiser.zero_grad()
            cross_entropy(network(x), texts.labels[chosen]).backward()
            optimiser.step()
        if epoch in (1, 3):
            reached = found.pop(0)
            for name, parameter in network.named_parameters():
                torch.testing.assert_close(reached[name], parameter.detach(), rtol=1e-3, atol=1e-5)
    assert found == []


def test_the_settings_are_those_best_on_held_out_data():
    sets, learner = [some_texts(6), some_texts(9)], plain()
    settings, reached = learner.choose(sets)
    network = build_network(learner.recipe, TRAIN.sample_shape, 3).eval()
    means = {}
    for rate in plain_learners.RATES:
        for dropout in (0.0, 0.5):
            each = [list(learner._train(sets[i], "choice", i, rate, dropout, (1, 4))) for i in range(2)]
            for place, epochs in enumerate((1, 4)):
                batch = CORPUS.validation.batch(torch.arange(len(CORPUS.validation)))
                right = [functional_call(network, t[place], batch.dense()).argmax(1) == batch.labels for t in each]
                means[rate, dropout, epochs] = torch.stack(right).double().mean().item()
    assert reached == pytest.approx(max(means.values()), abs=0.01)
    assert means[tuple(settings.values())] == pytest.approx(max(means.values()), abs=0.01)
    assert len(set(means.values())) > 1


def test_a_network_does_not_depend_on_how_many_others_there_are():
    sets, settings = [some_texts(6), some_texts(9)], {"learning_rate": 0.03, "dropout": 0.5, "epochs": 2}
    five = plain(networks=5).test(sets, settings)
    assert plain(networks=3).test(sets, settings) == five[:3]
    assert len(set(five)) > 1
    alone = plain(networks=5, networks_at_once=2).test(sets, settings)
    assert alone == pytest.approx(five, abs=1.01 / len(CORPUS.test))
    assert plain(networks=5, seed=1).test(sets, settings) != five


def test_dropout_is_tried_where_the_recipe_has_some():
    settings, _ = plain(dropout=0.0).choose([some_texts(6)])
    assert settings["dropout"] == 0.0
    with_dropout, without = (
        next(plain()._train(some_texts(6), "network", 0, 0.01, share, (1,))) for share in (0.5, 0.0)
    )
    assert not torch.equal(with_dropout["classifier.weight"], without["classifier.weight"])


# Together


class Sealed(TextSplit):
    """A split of which nothing but its length can be read until `opened`."""

    opened = False

    def __getattribute__(self, name):
        if name in {"ids", "offsets", "labels", "lengths", "batch", "batches", "spread", "features", "arrays"}:
            assert type(self).opened, f"{name} of the test split was read while settings were chosen"
        return super().__getattribute__(name)

    def __len__(self):
        return 60


def test_the_test_split_is_sealed_until_all_is_chosen(made, found, monkeypatch):
    monkeypatch.setattr(Sealed, "opened", False)
    sealed = object.__new__(Sealed)
    vars(sealed).update(vars(CORPUS.test))
    jobs = []

    def tell(done, total, said):
        jobs.append(said.split(":")[0])
        Sealed.opened = done >= total // 2

    again = plain_text_accuracy(made, replace(CORPUS, test=sealed), networks=4, on_progress=tell)
    assert jobs == ["settings chosen"] * 8 + ["tested"] * 8
    assert again == found


def test_settings_do_not_depend_on_the_test_split(made, found):
    other = replace(CORPUS, test=tiny_corpus(3, seed=5).test)
    again = plain_text_accuracy(made, other, networks=4)
    keys = ("C", "learning_rate", "dropout", "epochs", "validation_accuracy")
    for learner, kinds in found.items():
        for kind, each in kinds.items():
            assert {k: each.get(k) for k in keys} == {k: again[learner][kind].get(k) for k in keys}
    assert again != found


def test_both_learners_learn_from_the_set_and_from_as_many_real_sentences(made, found):
    assert {learner: list(kinds) for learner, kinds in found.items()} == {
        learner: ["distilled", "random", "k_center", "herding"] for learner in ("tfidf", "textcnn")
    }
    for learner, kinds in found.items():
        for kind, each in kinds.items():
            draws = DRAWS if kind == "random" else 1
            count = draws if learner == "tfidf" else 4
            assert len(each["accuracies"]) == count
            assert each["networks"] == (0 if learner == "tfidf" else 4) and each["draws"] == draws
            varied = ["networks"] * (learner == "textcnn") + ["draws"] * (kind == "random")
            assert each["sd_over"] == " and ".join(varied)
            assert each["mean"] == pytest.approx(np.mean(each["accuracies"]))
            assert each["sd"] == pytest.approx(np.std(each["accuracies"], ddof=1) if count > 1 else 0)
            assert each["test_examples"] == each["test_split"] == 60
    whole = TfIdf(CORPUS.validation, CORPUS.test, None)
    for kind, places in {"k_center": k_center(TRAIN, 8, 3), "herding": herding(TRAIN, 8, 3)}.items():
        assert found["tfidf"][kind]["accuracies"] == whole.test([real_texts(TRAIN, places, 3)], found["tfidf"][kind])
    texts = distilled_texts(made.sentences, made.labels, TRAIN)
    learned = plain(n=8, steps=2).test([texts], found["textcnn"]["distilled"])
    assert found["textcnn"]["distilled"]["accuracies"] == learned


def test_testing_on_a_part_reads_the_same_examples_for_both_learners(made):
    part = plain_text_accuracy(made, CORPUS, networks=2, max_test=20)
    places = CORPUS.test.spread(20)
    assert len(set(places.tolist())) == 20
    few = real_texts(CORPUS.test, places, 3)
    few.labels = few.labels.argmax(1)
    whole = plain_text_accuracy(made, replace(CORPUS, test=few), networks=2)
    for learner, kinds in part.items():
        for kind, each in kinds.items():
            assert each["accuracies"] == whole[learner][kind]["accuracies"]
            assert (each["test_examples"], each["test_split"]) == (20, 60)


def test_fewer_samples_than_classes_are_learned_from():
    sentences = Sentences.of(torch.tensor([[[21, 22, 0], [30, 35, 36]]]), TRAIN.vectors)
    tokens = torch.nn.functional.pad(sentences.tokens, (0, LENGTH - 3))
    sentences = replace(sentences, tokens=tokens)
    labels = torch.tensor([[[0.9, 0.4, 0.0], [-0.1, 0.3, 1.0]]])
    few = DistilledSet(
        sentences.embed(TRAIN.vectors), labels, torch.ones(1), CORPUS.classes, tiny_recipe(n=2), sentences=sentences
    )
    found = plain_text_accuracy(few, CORPUS, networks=2)
    assert all(0 < each["mean"] <= 1 for kinds in found.values() for each in kinds.values())


# Errors and the command line


def test_a_set_that_is_not_of_words_is_refused(made):
    with pytest.raises(UsageError, match=r"distil with --samples words, or see .* --decoded"):
        plain_text_accuracy(replace(made, sentences=None), CORPUS)
    pictures = DistilledSet(torch.zeros(1, 2, 1, 4, 4), torch.zeros(1, 2, 3), torch.ones(1), ["a"], made.recipe)
    with pytest.raises(UsageError, match="this set holds images"):
        plain_text_accuracy(pictures, CORPUS)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plain text")
    given = write_data(folder / "data.csv"), write_vectors(folder / "vectors.txt")
    for name, settings in (("words", {"samples": "words"}), ("free", {})):
        done = tdd(*distil_command(*given, folder / name, **settings))
        assert done.code == 0, done.err
    return folder


def test_the_command_adds_the_figures_to_results_description_and_card(folder, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(folder / "words", run)
    done = tdd("evaluate", run, "--plain-text", "--networks", 2, "--max-test", 20)
    assert done.code == 0, done.err
    measured = json.loads((run / "results.json").read_text())["plain_text"]
    assert measured["textcnn"]["herding"]["networks"] == 2 and measured["tfidf"]["herding"]["test_examples"] == 20
    card = (run / "README.md").read_text()
    names = {"tfidf": "TF-IDF and logistic regression", "textcnn": "TextCNN by Adam"}
    kinds = {"distilled": "this set", "random": "random real", "k_center": "k-center", "herding": "herding"}
    lines = [line.removeprefix("  sentences and labels alone, ") for line in done.out.splitlines()]
    for learner, name in names.items():
        (line,) = [line for line in lines if line.startswith(name)]
        for kind, said in kinds.items():
            each = measured[learner][kind]
            reached = (
                f"{100 * each['mean']:.2f} ± {100 * each['sd']:.2f} %" if each["sd"] else f"{100 * each['mean']:.2f} %"
            )
            assert f"{said} {reached}" in line
            mean = f"{100 * each['mean']:.2f} %"
            assert f"| sentences and labels alone: {name}, {said} | {each['networks'] or '–'} | {mean}" in card
    assert "without the set's learning rates and" in card
    assert "on 20 of 24" in card
    assert "accuracy" not in done.err
    again = tdd("evaluate", run, "--plain-text", "--networks", 2, "--max-test", 20, "--json")
    assert json.loads(again.out)["plain_text"] == measured
    assert tdd("evaluate", run).out.count("sentences and labels alone") == 2


def test_a_run_that_is_not_of_words_ends_in_a_line_before_anything_is_read(folder, monkeypatch):
    monkeypatch.setattr(evaluation_run, "open_corpus_of", lambda *_: pytest.fail("the data were read"))
    done = tdd("evaluate", folder / "free", "--plain-text")
    assert done.code == 2
    assert done.one_line().startswith("--plain-text needs a set made of words")


def test_several_processes_are_refused(folder, monkeypatch):
    class Two:
        num_processes = 2
        is_main_process = True

    monkeypatch.setattr(evaluation_run, "Accelerator", Two)
    done = tdd("evaluate", folder / "words", "--plain-text")
    assert done.code == 2
    assert done.one_line().startswith("--plain-text is measured by one process")


@pytest.mark.parametrize("broken", [3, {"tfidf": 3}, {"tfidf": {"herding": {"mean": "high"}}}])
def test_damaged_figures_are_one_line(broken, folder, tmp_path):
    shutil.copytree(folder / "words", tmp_path / "run")
    results = json.loads((tmp_path / "run/results.json").read_text())
    (tmp_path / "run/results.json").write_text(json.dumps(results | {"plain_text": broken}))
    done = tdd("evaluate", tmp_path / "run")
    assert done.code == 1
    assert "does not hold the results of a run" in done.one_line()
