"""Settings of a pool: written in any way, checked in a line each, and those of one network alone."""

import pytest
from tiny_encoders import save_encoder

from tdd.errors import UsageError
from tdd.hub.encoders import encoder_files
from tdd.settings.names import run_name
from tdd.settings.recipe import Recipe
from tdd.settings.recipes import resolve_recipe

POOL = ["text_cnn", "gru"]


@pytest.mark.parametrize("written", ["text_cnn,gru", "text_cnn, gru", ["text_cnn,gru"], POOL, ("text_cnn", "gru")])
def test_a_pool_is_a_list_however_it_is_written_and_is_read_back(tmp_path, written):
    recipe = Recipe.build({"pool": written, "options": {"gru": {"hidden": 5}}})
    assert recipe.pool == recipe.learners == POOL and recipe.network == "text_cnn"
    recipe.save(tmp_path / "recipe.yaml")
    assert Recipe.load(tmp_path / "recipe.yaml") == recipe
    assert recipe.model_dump()["options"]["gru"]["hidden"] == 5


def test_one_network_of_a_pool_has_a_recipe_without_one():
    recipe = Recipe.build({"pool": POOL, "pool_weights": [1, 2], "options": {"gru": {"hidden": 5}}, "n": 7})
    expected = Recipe.build({"network": "gru", "options": {"hidden": 5}, "n": 7})
    assert recipe.alone("gru") == expected and expected.alone("gru") is expected


def test_regularisers_that_are_not_set_are_the_least_of_the_pool():
    settled = Recipe.build({"pool": POOL}).settled(2)
    assert (settled.ema, settled.label_smoothing, settled.word_dropout) == (0, 0, 0)
    alone, own = (Recipe.build(settings).settled(2) for settings in ({"pool": ["text_cnn"]}, {"network": "text_cnn"}))
    assert alone.ema == own.ema > 0 and alone.word_dropout == own.word_dropout > 0
    assert Recipe.build({"pool": POOL, "ema": 0.9}).settled(2).ema == 0.9
    assert Recipe.build({"pool": POOL, "options": {"text_cnn": {"widths": [2, 7]}}}).options.least_length == 7


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"pool": "text_cnn,lenet"}, "pool: text_cnn reads text and lenet images; they cannot share a set"),
        ({"pool": "text_cnn,minilm"}, "minilm reads its own word pieces, the others vectors: glove-6b-50d"),
        ({"pool": "minilm,text_cnn"}, "leave minilm out, or set vectors: minilm so that all read its pieces"),
        (
            {"pool": "minilm,hf:a/b"},
            "minilm and hf:a/b read word pieces of their own each, and no set holds both; leave",
        ),
        ({"pool": "text_cn,gru"}, "no network 'text_cn'; did you mean 'text_cnn'"),
        ({"pool": "gru,gru"}, "pool: a network stands there twice"),
        (
            {"pool": "gru,python:my_nets:Net"},
            "in Python register it.*make a set for it alone .--network",
        ),
        ({"pool": "gru,lstm", "network": "lstm"}, "is made for network: lstm or for a pool of several: leave one out"),
        ({"pool": "gru,lstm", "options": {"hidden": 5}}, "'hidden' is no network of the pool: its options lie under"),
        ({"pool": "gru,lstm", "options": {"gru": {"hiden": 5}}}, "gru has no option 'hiden'; did you mean 'hidden'"),
        ({"pool": "gru,lstm", "options": {"gru": 5}}, "'gru' is no network of the pool"),
        ({"pool": "gru,lstm", "pool_weights": [1]}, "pool_weights: 1 weights for 2 networks; give each of them one"),
        ({"pool": "gru,lstm", "pool_weights": [1, 0]}, "pool_weights: weights are positive numbers"),
        ({"pool_order": "averaged"}, "pool_order is a setting of a pool: name its networks with pool"),
        ({"pool": "gru,lstm", "attention_labels": "first"}, "attention_labels are those of one encoder"),
        ({"pool": 3}, "pool: Input should be a valid list"),
        ({"pool": [1, 2]}, "pool.0: Input should be a valid string"),
        ({"initialisation": "xavier"}, "no initialisation 'xavier'; did you mean 'xavier_"),
        ({"initialisation": "torch*0"}, r"'torch\*0': the gain behind \* is a positive number, as in torch\*0.5"),
        ({"initialisation": "torch*1e3"}, "the gain behind"),
        ({"initialisation": "torch,orthogonal"}, "several ways of initialisation need init: random"),
        ({"initialisation": []}, "initialisation: List should have at least 1 item"),
    ],
)
def test_what_no_pool_and_no_initialisation_can_be_is_said_in_a_line(settings, line):
    with pytest.raises(UsageError, match=line) as caught:
        Recipe.build(settings)
    assert "\n" not in str(caught.value)


def test_an_encoder_shares_its_word_pieces_with_those_that_read_them():
    recipe = Recipe.build({"pool": "minilm,mean_pool", "vectors": "minilm"})
    assert recipe.vectors == "minilm" and recipe.alone("mean_pool").vectors == "minilm"
    assert Recipe.build({"pool": ["minilm"]}).vectors == "minilm"


def test_options_of_a_pool_are_set_by_their_name_for_all_or_by_their_path_for_one():
    flags = {"pool": ["text_cnn,mean_pool", "gru"]}
    recipe = resolve_recipe("trec6", None, ["filters=7", "hidden=9", "options.gru.layers=2"], flags)
    assert recipe.pool == ["text_cnn", "mean_pool", "gru"] and recipe.n == 60
    text_cnn, mean_pool, gru = (recipe.alone(name).options for name in recipe.pool)
    assert (text_cnn.filters, mean_pool.hidden, gru.hidden, gru.layers, mean_pool.layers) == (7, 9, 9, 2, 1)
    assert run_name(recipe, "60") == "trec6-60-text_cnn+mean_pool+gru"
    for name in ("filter", "options.gru.filters", "options.lstm.hidden"):
        with pytest.raises(UsageError, match=f"'{name}' is no setting, and no option of text_cnn, mean_pool, gru"):
            resolve_recipe("trec6", None, [f"{name}=2"], flags)


def test_a_recipe_for_one_network_leaves_its_options_and_regularisers_out_of_a_pool(tmp_path):
    usual = resolve_recipe("trec6", None, [], {})
    pool = resolve_recipe("trec6", None, [], {"pool": POOL})
    assert usual.label_smoothing and pool.label_smoothing is None
    assert pool.batch_size == usual.batch_size != Recipe().batch_size
    path = tmp_path / "mine.yaml"
    path.write_text(
        "dataset: trec6\npool: [text_cnn, gru]\nlabel_smoothing: 0.1\noptions: {gru: {hidden: 5, layers: 2}}\n"
    )
    mine = resolve_recipe(None, str(path), ["options.gru.hidden=6"], {})
    assert (mine.alone("gru").options.hidden, mine.alone("gru").options.layers) == (6, 2)
    other = resolve_recipe(None, str(path), [], {"pool": ["gru", "lstm"]})
    assert other.alone("gru").options.hidden != 5 and other.label_smoothing == 0.1
    assert resolve_recipe(None, str(path), [], {"network": "lstm"}).learners == ["lstm"]


def test_an_encoder_of_a_folder_is_the_same_from_any_other_folder(tmp_path, monkeypatch):
    save_encoder(tmp_path / "encoder")
    monkeypatch.chdir(tmp_path)
    recipe = resolve_recipe("films", None, ["train=head"], {"pool": ["hf:encoder", "gru"], "vectors": "hf:encoder"})
    whole = f"hf:{(tmp_path / 'encoder').resolve()}"
    assert recipe.pool == [whole, "gru"] and recipe.vectors == whole
    assert recipe.alone(whole).options.train == "head"


@pytest.mark.parametrize("network", ["hf:owner/encoder", "mean_pool", "python:mine:Net"])
def test_a_data_set_s_recipe_that_nobody_named_regularises_no_other_network(network):
    own, other = resolve_recipe("imdb", None, [], {}), resolve_recipe("imdb", None, [], {"network": network, "n": 4})
    assert (own.label_smoothing, own.word_dropout) == (0.2, 0.3)
    assert not other.label_smoothing and not other.word_dropout
    named = resolve_recipe("imdb", "imdb", [], {"network": network})
    assert (named.label_smoothing, named.word_dropout) == (0.2, 0.3)


def test_the_prefix_of_an_encoder_alone_names_no_folder():
    assert resolve_recipe("imdb", None, [], {"network": "hf:"}).network == "hf:"
    with pytest.raises(UsageError, match="hf:: no such folder; a pretrained encoder is named hf:folder"):
        encoder_files("hf:")
