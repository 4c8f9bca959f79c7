"""Texts are read anew by a learner of another space: words, pairs, and texts from elsewhere; free samples are not."""

import pytest
import torch
from films_words import films_corpus, films_set
from languages import CHINESE, rows_of, write_table
from pair_data import COLUMNS, pairs, write_pair_vectors, write_pairs
from plain import CORPUS, short_training
from tiny import tiny_recipe
from tiny_encoders import tiny_encoder
from transfers import CPU, transfer_of

from tdd.data.corpus import load_corpus
from tdd.data.text import TextSplit
from tdd.distillation.distiller import Distiller
from tdd.distilled_set.probabilities import probabilities
from tdd.distilled_set.sentences import Sentences
from tdd.embeddings.load import load_embedding
from tdd.embeddings.separator import SEPARATOR
from tdd.embeddings.word_vectors import load_vectors
from tdd.errors import UsageError
from tdd.evaluation import spaces, transfer
from tdd.evaluation.baselines import Baselines
from tdd.evaluation.given import GivenReal, GivenSet, GivenTexts, told_of
from tdd.evaluation.names import SUBJECT
from tdd.evaluation.spaces import Spaces
from tdd.evaluation.text_learners import Fitted
from tdd.evaluation.transfer import Transfer
from tdd.settings.recipe import Recipe


@pytest.fixture(scope="module", autouse=True)
def short():
    with short_training():
        yield


def test_a_set_of_words_is_read_anew_by_an_encoder():
    distilled, corpus, name = films_set(), films_corpus(), tiny_encoder()
    pieces, given = load_embedding(name), GivenSet(distilled, corpus)
    read = Spaces(corpus).of(name)
    rows = [pieces.encode(text) for text in distilled.sentences.texts()]
    texts = given.examples(read)
    assert [texts.row(place).tolist() for place in range(4)] == rows
    torch.testing.assert_close(texts.labels, probabilities(distilled.labels.flatten(0, 1)))
    steps = given.steps(read)
    lengths = torch.tensor([len(row) for row in rows]).view(distilled.samples.shape[:2])
    assert torch.equal(steps.lengths, lengths) and torch.equal(steps.labels, distilled.labels)
    for place, row in enumerate(rows):
        expected = pieces.embed(torch.tensor(row))
        assert torch.equal(steps.samples.flatten(0, 1)[place, : len(row)], expected)
    assert steps.initialisation is None and steps.source["vectors_checksum"] == pieces.checksum


@pytest.mark.parametrize("init", ["fixed", "random"])
def test_an_encoder_is_tested_by_both_protocols(init):
    distilled, corpus = films_set(init=init), films_corpus()
    found = transfer_of(distilled, corpus, networks=2).measure(tiny_encoder(), "both")
    for protocol in ("learned", "plain"):
        assert len(found[protocol][SUBJECT]["accuracies"]) == 2
    assert found["plain"][SUBJECT]["gradient_steps"] == 4  # of fine-tuning


def test_sentence_vectors_and_tfidf_learn_from_words_alone(monkeypatch):
    monkeypatch.setattr(transfer, "MINILM", tiny_encoder())
    monkeypatch.setattr(spaces, "MINILM", tiny_encoder())
    for network in ("frozen_minilm", "tfidf"):
        found = transfer_of(films_set(), films_corpus()).measure(network, "both")
        assert list(found) == ["plain"] and found["plain"][SUBJECT]["networks"] == 0
        assert found["plain"][SUBJECT]["interval_over"] == "test examples"
    with pytest.raises(UsageError, match="takes no learned steps: train plainly"):
        transfer_of(films_set(), films_corpus()).check("tfidf", "learned")


def test_seconds_to_train_hold_no_test(monkeypatch):
    now, accuracy = [0.0], Fitted.accuracy

    def slow(self, split, most=None):
        now[0] += 100
        return accuracy(self, split, most)

    monkeypatch.setattr(Fitted, "accuracy", slow)
    monkeypatch.setattr(transfer.time, "monotonic", lambda: now[0])
    found = transfer_of(films_set(), films_corpus()).measure("tfidf", "plain")
    assert found["plain"][SUBJECT]["train_seconds"] == 0 and now == [200]


def test_words_of_a_row_are_the_mean_over_its_draws():
    corpus = films_corpus()
    texts = [GivenTexts([(text,)], torch.eye(2)[:1], corpus) for text in ("good, film b!", "bad film")]
    # Punctuation and words without a vector are tokens as they are in real examples.
    assert [each.words for each in texts] == [5, 2] and told_of(texts) == {"words": 4}
    sets = Baselines(films_set().recipe, corpus, 2, 1).sets
    real = sets.real("random")
    expected = round(sum(each.words(corpus.train) for each in real) / 2)
    assert told_of([GivenReal(each, sets) for each in real]) == {"words": expected}


def test_texts_without_spaces_are_cut_after_as_many_tokens(tmp_path):
    rows = rows_of(CHINESE, between="")
    vectors = write_table(tmp_path / "v.txt", sorted({character for text, _ in rows for character in text}))
    recipe = tiny_recipe(dataset="mine", max_length=12, n=4, vectors=vectors, tokenizer="characters")
    texts, labels = (list(column) for column in zip(*rows, strict=True))
    corpus = load_corpus(recipe, data=(texts, labels))
    sets = Baselines(recipe, corpus, 1, 1, words=20).sets
    (real,) = sets.real("herding")
    there = GivenReal(real, sets).examples(Spaces(corpus).of(tiny_encoder()))
    whole = [text for (text,) in corpus.train.raw.texts(real.places)]
    assert real.most == 5 and min(map(len, whole)) > 5
    encode = load_embedding(tiny_encoder()).encode
    assert [there.row(place).tolist() for place in range(4)] == [encode(text[:5]) for text in whole]
    given = GivenTexts([(text,) for text in whole], real.labels, corpus)
    assert given.words == sum(min(12, len(text)) for text in whole)


def test_free_samples_do_not_go_into_another_space():
    with pytest.raises(UsageError, match=r"made of numbers in words, not of words.*distil with samples: words"):
        transfer_of(films_set("free"), films_corpus()).check(tiny_encoder(), "both")
    transfer_of(films_set("free"), films_corpus()).check("gru", "both")
    with pytest.raises(UsageError, match="made of numbers"):
        transfer_of(films_set("free"), films_corpus()).check("frozen_minilm", "plain")
    with pytest.raises(UsageError, match="not of words"):
        GivenSet(films_set("free"), films_corpus()).examples(Spaces(CORPUS).of("gru"))


@pytest.fixture(scope="module")
def pair_corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pairs")
    where = {"data": str(write_pairs(folder / "d.csv", pairs())), "vectors": str(write_pair_vectors(folder / "v.txt"))}
    recipe = tiny_recipe(dataset="mine", text_column=",".join(COLUMNS), max_length=9, outer_steps=2, n=4, **where)
    recipe = recipe.model_copy(update={"samples": "words", "samples_lr": 1e-5, "init": "random", "max_validation": 9})
    return recipe, load_corpus(recipe)


@pytest.mark.parametrize("kind", ["bert", "roberta"])
def test_pairs_stay_two_texts_in_another_space(pair_corpus, kind):
    recipe, corpus = pair_corpus
    distilled = Distiller(recipe, corpus).run()
    spaces, pieces = Spaces(corpus), load_embedding(tiny_encoder(kind))
    read = spaces.of(tiny_encoder(kind))
    given = GivenSet(distilled, corpus)
    texts, expected = given.examples(read), []
    for sentence in distilled.sentences.texts():
        first, second = sentence.split(f" {SEPARATOR} ")
        expected.append([*pieces.encode(first), *pieces.separator, *pieces.encode(second)])
    assert [texts.row(place).tolist() for place in range(4)] == expected
    steps = given.steps(read)
    for place, ids in enumerate(expected):
        assert torch.equal(steps.samples.flatten(0, 1)[place, : len(ids)], pieces.embed(torch.tensor(ids)))
    sets = Baselines(recipe, corpus, 1, 1, words=distilled.words).sets
    beside = {"herding": [GivenReal(sets.real("herding")[0], sets)]}
    for network in (tiny_encoder(kind), "tfidf", "gru"):
        found = transfer_of(distilled, corpus, networks=1, rows=beside).measure(network, "both")
        assert list(found["plain"]) == [SUBJECT, "herding"]


def test_pairs_of_an_encoder_are_read_as_words_with_their_separator(tmp_path, monkeypatch):
    vectors, data = write_pair_vectors(tmp_path / "v.txt"), write_pairs(tmp_path / "d.csv", pairs())
    recipe = Recipe(
        dataset="mine", data=str(data), network=tiny_encoder(), text_column=",".join(COLUMNS), max_length=20
    )
    corpus = load_corpus(recipe)
    monkeypatch.setattr(spaces, "load_embedding", lambda name, pair=False: load_vectors(str(vectors), pair=pair))
    read = Spaces(corpus).of("gru").train
    for place, (first, second) in enumerate(read.raw.texts(torch.arange(5))):
        words = [read.vectors.words[id_ - 1] for id_ in read.row(place)]
        assert " ".join(words) == f"{first} {SEPARATOR} {second}"


def test_real_pairs_are_cut_as_pairs_are(pair_corpus):
    recipe, corpus = pair_corpus
    train, separator = corpus.train, corpus.train.vectors.separator[0]
    sets = Baselines(recipe, corpus, 1, 1, words=4 * 7).sets
    (real,) = sets.real("herding")
    rows = real.examples(train)
    spaces = Spaces(corpus)
    there = GivenReal(real, sets).examples(spaces.of(tiny_encoder()))
    pieces = there.vectors
    assert int(rows.lengths.sum()) <= 28 and int(rows.lengths.max()) == real.most < 9
    for place, (first, second) in enumerate(train.raw.texts(real.places)):
        own = rows.row(place).tolist()
        at = own.index(separator)
        # Both texts are there, each from its beginning, cut after the same word in either space.
        assert own[:at] == train.vectors.encode(first)[:at] and at
        assert own[at + 1 :] == train.vectors.encode(second)[: len(own) - at - 1] and len(own) > at + 1
        texts = [" ".join(first.split()[:at]), " ".join(second.split()[: len(own) - at - 1])]
        assert there.row(place).tolist() == [*pieces.encode(texts[0]), *pieces.separator, *pieces.encode(texts[1])]


def test_separators_that_were_learned_stand_between_as_many_parts():
    words = {1: "a", 2: "b", 3: "[SEP]"}
    tokens = torch.tensor([[[1, 3, 2, 0], [1, 2, 0, 0], [3, 1, 0, 0], [1, 3, 3, 2], [1, 3, 2, 3]]])
    found = Sentences(tokens, words).segments([3])
    assert found == [[["a"], ["b"]], [["a", "b"]], [[], ["a"]], [["a"], ["b"]], [["a"], ["b"], []]]
    assert Sentences(tokens, words).segments()[0] == [["a", "[SEP]", "b"]]


def test_texts_from_elsewhere_are_read_by_every_network():
    texts = GivenTexts([("good film b",), ("bad film c",)], torch.eye(2), films_corpus())
    assert texts.words == 6
    rows = {SUBJECT: [texts, GivenTexts([("good",), ("bad",)], torch.eye(2), films_corpus())]}
    both = Transfer(Spaces(films_corpus()), films_set().recipe, rows, 2, CPU)
    for network in ("gru", "tfidf", tiny_encoder()):
        both.check(network, "both")
        found = both.measure(network, "both")
        assert list(found) == ["plain"] and found["plain"][SUBJECT]["draws"] == 2
    with pytest.raises(UsageError, match="texts from a file have no learned steps"):
        both.check("gru", "learned")
    with pytest.raises(UsageError, match="text 2 holds nothing that can be read"):
        GivenTexts([("good",), (" ",)], torch.eye(2), films_corpus()).examples(films_corpus())


def test_real_texts_are_cut_alike_in_another_space():
    corpus = films_corpus()
    recipe = films_set().recipe.model_copy(update={"validation_networks": 1})
    for words, most in ((None, 3), (8, 2)):
        sets = Baselines(recipe, corpus, 1, 1, words=words).sets
        given = GivenReal(sets.real("herding")[0], sets)
        own, pieces = given.examples(corpus), load_embedding(tiny_encoder())
        there = given.examples(Spaces(corpus).of(tiny_encoder()))
        assert isinstance(own, TextSplit) and int(own.lengths.max()) == most
        for place in range(4):
            text = " ".join(corpus.train.vectors.words[id_ - 1] for id_ in own.row(place))
            assert there.row(place).tolist() == pieces.encode(text)
