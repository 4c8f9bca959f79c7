"""Tables of word vectors: reading them, looking tokens up, nearest words.

Imports `tdd.hub` and what lies below. Start with `word_vectors`.
"""
