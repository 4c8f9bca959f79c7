"""Tables of word vectors and of encoders' word pieces: reading them, looking tokens up, nearest words.

Imports `tdd.hub` and what lies below. Start with `load`.
"""
