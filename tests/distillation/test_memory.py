"""Memory is predicted before a run begins."""

from digits import digits_recipe

from tdd.data.corpus import load_corpus
from tdd.distillation.memory import predicted_peak


def test_predicted_memory_grows_with_what_is_held():
    digits = load_corpus(digits_recipe())
    plain = predicted_peak(digits_recipe(), digits)
    whole = predicted_peak(digits_recipe(unroll="autograd", epochs=20), digits)
    step_by_step = predicted_peak(digits_recipe(unroll="rematerialised", epochs=20), digits)
    assert plain < step_by_step < whole
    assert predicted_peak(digits_recipe(batch_size=1000), digits) > plain
    assert predicted_peak(digits_recipe(unroll="autograd", epochs=20, window=5), digits) < whole
    assert predicted_peak(digits_recipe(unroll="rematerialised", epochs=20, momentum=0.5), digits) > step_by_step
