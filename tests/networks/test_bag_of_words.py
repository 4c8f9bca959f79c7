"""A bag of words: what it counts, where its words come from, and real texts by what is kept of their tokens."""

import gc
from dataclasses import replace

import pytest
import torch
from reference import random_batch
from sklearn.preprocessing import normalize
from tiny import random_vectors, tiny_corpus, tiny_recipe

from tdd.data.protocols import Augmentation, InputSpace
from tdd.data.text import TextSplit
from tdd.data.text_batch import TextBatch
from tdd.distillation.distiller import Distiller
from tdd.embeddings.table import in_memory
from tdd.embeddings.word_vectors import WordVectors, load_vectors
from tdd.errors import Interrupted, UsageError
from tdd.networks.architectures.bag_of_words import FLOOR, LENGTH, BagOfWords, PlainBagOfWords
from tdd.networks.kernels import word_shares
from tdd.networks.kernels.word_shares import KnownWords, TokenShares
from tdd.networks.learner import make_learner
from tdd.settings.networks import BagOfWordsOptions
from tdd.system.seeds import generator

EXACT = {"rtol": 1e-10, "atol": 1e-12}
VECTORS = random_vectors(30, 4, "of bags")
L, CLASSES, WORDS, SHARPNESS = 7, 3, 20, 3.0


def bag_of_words(vectors: WordVectors = VECTORS, words: int = WORDS, sharpness: float = SHARPNESS) -> BagOfWords:
    space = InputSpace("text", (L, vectors.dim), vectors.checksum)
    return BagOfWords(space, CLASSES, BagOfWordsOptions(words=words, sharpness=sharpness)).double()


def plain(network: BagOfWords) -> PlainBagOfWords:
    """The network as the card prints it, with the same classifier."""
    other = PlainBagOfWords(network.front.table, *network.arguments).double()
    other.load_state_dict({n: v for n, v in network.state_dict().items() if n.startswith("upper.")})
    return other


def sentences(count: int = 6) -> tuple[torch.Tensor, torch.Tensor]:
    """Any vectors, some of them zeros, and where there are words; the last sentence has none."""
    x = torch.randn(count, L, VECTORS.dim, generator=generator(0, "sentences")).double()
    x[1, 2] = 0
    return x, torch.arange(L) < torch.tensor([7, 4, 1, 6, 2, 0])[:count, None]


# What it counts


@pytest.mark.parametrize("part", [1, 2**21])
def test_it_is_the_plain_network_on_any_vectors_and_so_are_its_derivatives(monkeypatch, part):
    monkeypatch.setattr(word_shares, "IN_CACHE", part)
    network = bag_of_words()
    found = []
    for each in (network, plain(network)):
        x, mask = sentences()
        x.requires_grad_()
        logits = each(x, mask)
        along = torch.randn(logits.shape, generator=generator(1)).double()
        found.append((logits, torch.autograd.grad((logits * along).sum(), x)[0]))
    torch.testing.assert_close(*found, **EXACT)
    assert found[0][1].abs().max() > 0.1


def test_a_sentence_without_a_known_word_has_no_features_and_no_derivative():
    network = bag_of_words()
    x = torch.zeros(2, L, VECTORS.dim).double().requires_grad_()
    mask = torch.arange(L) < torch.tensor([[3], [0]])
    features, inside = network.front(x, mask)
    assert features.shape == (2, 1, WORDS) and inside.shape == (2, 1) and not features.any()
    assert not torch.autograd.grad(features.sum(), x)[0].any()
    # A position of any vector counts where it is inside, and only there.
    moved = x.detach().clone()
    moved[0, 1], moved[1, 1] = 1, 1
    features, _ = network.front(moved, mask)
    assert features[0].any() and not features[1].any()


def test_sharp_words_weigh_as_tf_idf_by_the_law_of_zipf():
    table = 10 * torch.eye(12).numpy()
    axes = WordVectors("axes", [f"word{i}" for i in range(12)], table, "axes")
    network = bag_of_words(axes, words=12, sharpness=60)
    ids = torch.randint(1, 13, (5, L), generator=generator(0))
    counts = torch.nn.functional.one_hot(ids - 1, 12).sum(1)
    expected = LENGTH * normalize(counts.numpy() * torch.arange(2.0, 14).log().numpy())
    features, _ = network.front(axes.embed(ids).double(), torch.ones(5, L, dtype=torch.bool))
    assert len(axes) and features[:, 0].norm(dim=1) == pytest.approx(torch.full((5,), LENGTH), rel=1e-3)
    # Each share is less by that of chance, all alike.
    torch.testing.assert_close(features[:, 0], torch.from_numpy(expected), rtol=2e-3, atol=1e-3)
    weights = features.new_tensor([[1e-3], [1e3]]) * torch.eye(2, 12).double()[:1]
    short, long = network.front.features(weights).norm(dim=1)
    assert short < 0.1 * LENGTH < 0.99 * LENGTH < long and torch.tensor(2.0).log() / 9 > FLOOR


def test_a_known_word_is_read_as_itself_and_a_rare_one_as_those_in_its_direction():
    vectors = load_vectors("glove-6b-50d")
    known = KnownWords.of(vectors.embed(torch.arange(1, 4097)), BagOfWordsOptions().sharpness)

    def read(word: str) -> list[str]:
        shares = known.softmax(vectors.embed(torch.tensor([vectors.id_of(word)])))[0] - known.chance
        return [vectors.words[row] for row in shares.topk(3).indices.tolist() if shares[row] > 0]

    for word in ("who", "paris", "film", "how", "1969"):
        assert vectors.id_of(word) <= 4096 and read(word)[0] == word
    assert vectors.id_of("zimbabwean") > 4096 and "zimbabwe" in read("zimbabwean")


# Where its words come from


def test_a_table_is_in_memory_as_long_as_any_copy_of_it(tmp_path):
    path = tmp_path / "vectors.txt"
    path.write_text("a 1 0\nb 0 1\n")
    first, second = load_vectors(str(path)), load_vectors(str(path))
    checksum = first.checksum
    assert first is not second and second.checksum == checksum
    del second
    gc.collect()
    assert in_memory(checksum) is first
    third = load_vectors(str(path))
    del first
    gc.collect()
    assert in_memory(checksum) is third


def test_its_words_are_those_of_the_vectors_in_memory_or_loaded_by_their_name(tmp_path):
    rows = ["a 1 0", "b 0 1", "c -1 1", "d 2 2"]
    path = tmp_path / "vectors.txt"
    path.write_text("\n".join(rows) + "\n")
    vectors = load_vectors(str(path))
    checksum, options = vectors.checksum, {"words": 3}
    assert in_memory(checksum) is vectors
    known = make_learner("bag_of_words", options, InputSpace("text", (5, 2), checksum), 2).module.front.table
    assert torch.equal(known, vectors.embed(torch.tensor([1, 2, 3])))
    del vectors
    gc.collect()
    assert in_memory(checksum) is None
    with pytest.raises(UsageError, match="reads the words of its examples' own vectors, which are not there"):
        make_learner("bag_of_words", options, InputSpace("text", (5, 2), checksum), 2)
    again = make_learner("bag_of_words", options, InputSpace("text", (5, 2), checksum, str(path)), 2)
    assert torch.equal(again.module.front.table, known)
    with pytest.raises(UsageError, match="which are not there"):
        make_learner("bag_of_words", options, InputSpace("text", (5, 2), "of others", str(path)), 2)


def test_more_words_than_there_are_are_refused_and_shapes_are_known_without_the_vectors():
    space = InputSpace("text", (L, 4), VECTORS.checksum)
    for device in ("cpu", "meta"):
        with pytest.raises(UsageError, match="bag_of_words knows words = 31, and the vectors of bags have 30: lower"):
            make_learner("bag_of_words", {"words": 31}, space, CLASSES, device)
    unknown = replace(space, embedding="of nobody")
    learners = [
        make_learner("bag_of_words", {"words": 9}, *place)
        for place in ((space, CLASSES), (space, CLASSES, "meta"), (unknown, CLASSES, "meta"))
    ]
    assert len({learner.signature() for learner in learners}) == 1
    assert learners[0].trained == ("upper.classifier.weight", "upper.classifier.bias")
    others = random_vectors(9, 4, "of others")
    other = make_learner("bag_of_words", {"words": 9}, replace(space, embedding=others.checksum), CLASSES)
    assert learners[0].frozen_signature() != other.frozen_signature()


# Real texts


def real_batch(tokens: bool = True) -> TextBatch:
    """Sentences of the vectors' words and of tokens without a vector."""
    ids = torch.randint(0, 31, (60,), generator=generator(2), dtype=torch.int32)
    offsets = torch.tensor([0, 7, 9, 10, 17, 30, 60])
    batch = TextSplit(ids, offsets, torch.zeros(6, dtype=torch.long), VECTORS, L).batch(torch.arange(6))
    return batch if tokens else replace(batch, tokens=None)


@pytest.mark.parametrize("limits", [{}, {"KEPT": 8, "AT_ONCE": 3}, {"IN_CACHE": 1}])
@pytest.mark.parametrize("tokens", [True, False])
def test_real_texts_have_the_features_of_their_vectors(monkeypatch, limits, tokens):
    for name, value in limits.items():
        monkeypatch.setattr(word_shares, name, value)
    network = bag_of_words().float()
    for batch in (real_batch(tokens), real_batch(tokens).augmented(Augmentation(0.4), 0, 0), real_batch(tokens)):
        expected, _ = network.front(*batch.inputs())
        whole = network.front.of_batch(batch)
        assert len(whole) == 6 and whole.width(0) == 1 and torch.equal(whole.labels, batch.labels)
        found, mask = whole.inputs()
        assert mask.shape == (6, 1) and mask.all()
        torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(whole.inputs(slice(2, 5))[0], found[2:5], rtol=0, atol=0)


def test_the_features_of_a_network_that_changed_its_numbers_are_made_anew():
    network, batch = bag_of_words().float(), real_batch()
    single = network.front.of_batch(batch).inputs()[0]
    network.double()
    double = network.front.of_batch(replace(batch, words=batch.words.double())).inputs()[0]
    assert double.dtype == torch.float64
    torch.testing.assert_close(single.double(), double, rtol=1e-4, atol=1e-5)
    assert not torch.equal(single.double(), double)


def test_what_is_known_of_a_token_is_the_same_to_the_bit_whatever_was_met_before():
    vectors, g = load_vectors("glove-6b-50d"), generator(3)
    known, tokens = (
        KnownWords.of(vectors.embed(torch.arange(1, 501)), 16.0),
        torch.randperm(5000, generator=g)[:400] + 1,
    )
    bags = []
    for size in (400, 1, 37, 199):
        shares = TokenShares(known)
        for some in tokens[torch.randperm(400, generator=g)].split(size):
            shares.rows(some, vectors.embed(some))
        bags.append(torch.zeros(400, 500))
        shares.add_up(bags[-1], torch.arange(400), shares.rows(tokens, vectors.embed(tokens)))
        assert len(shares.starts) == 401
    assert all(torch.equal(bag, bags[0]) for bag in bags) and bags[0].any(1).all()


def test_a_resumed_run_is_an_uninterrupted_one_to_the_bit(tmp_path):
    recipe = tiny_recipe(network="bag_of_words", word_dropout=0.3, samples_init="real", outer_steps=12, batch_size=8)
    whole = Distiller(recipe, tiny_corpus()).run()
    asked = iter([False] * 5 + [True] * 5)
    with pytest.raises(Interrupted):
        Distiller(recipe, tiny_corpus(), tmp_path / "state", should_stop=lambda: next(asked)).run()
    resumed = Distiller(recipe, tiny_corpus(), tmp_path / "state").run()
    assert torch.equal(resumed.samples, whole.samples) and torch.equal(resumed.learning_rates, whole.learning_rates)


def test_a_batch_that_lost_words_still_knows_its_tokens_but_is_no_text_that_was_seen():
    batch = random_batch(generator(0), 4, L, 4, CLASSES)
    assert batch.keys(slice(0, 4)) == [None] * 4
    batch = real_batch()
    changed = batch.augmented(Augmentation(0.4), 0, 0)
    assert torch.equal(changed.tokens, batch.tokens) and None not in batch.keys(slice(0, 6))
    assert changed.keys(slice(0, 6)) == [None] * 6
    assert batch.augmented(Augmentation(), 0, 0) is batch
