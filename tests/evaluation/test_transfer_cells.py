"""A table of a transfer says what its figures are, and compares only what can be compared."""

from tdd.evaluation.transfer_cells import transfer_cells, what_it_is


def test_a_difference_is_of_the_same_test_examples():
    ours = {"mean": 0.9, "sd": 0.0, "accuracies": [0.9], "interval": [0.8, 1], "train_seconds": 1, "test_examples": 9}
    theirs = ours | {"validation_accuracy": 0.5, "test_examples": 20}
    (_, line) = transfer_cells({"gru": {"plain": {"set": ours, "herding_minilm": theirs}}}, "plain")
    assert line == ["gru", "90.0", "80.0 to 100.0", "herding by MiniLM", "90.0", "–", "90.0", "1.0"]
    (_, line) = transfer_cells({"gru": {"plain": {"set": ours, "herding": theirs | {"test_examples": 9}}}}, "plain")
    assert line[5] == "+0.0"


def test_a_set_of_one_initialisation_says_which_network_starts_there():
    row = {"seed": 0, "test_examples": 9, "test_split": 9}
    found = {"text_cnn": {"learned": {"set": row | {"init": "fixed"}}}, "gru": {"learned": {"set": row}}}
    assert "seed 0, text_cnn from the initialisation that the set was made for;" in what_it_is(found, "learned")
    assert "from the initialisation" not in what_it_is({"gru": found["gru"]}, "learned")


def test_a_set_for_plain_training_takes_no_learned_steps():
    row = {"seed": 0, "test_examples": 9, "test_split": 9}
    assert what_it_is({"gru": {"learned": {"set": row | {"inner": "learned"}}}}, "learned").startswith("the set's own")
    found = what_it_is({"gru": {"learned": {"set": row | {"inner": "plain"}}}}, "learned")
    assert found.startswith("AdamW as the set was learned through it, for other networks at the step size times one")
