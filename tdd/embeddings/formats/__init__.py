"""Files of word vectors, a module for each format: the words and their vectors, block by block.

Imports `tdd.embeddings.blocks` and what lies below `tdd.embeddings`. Start with `tdd.embeddings.vector_files`, which
tells the formats apart.
"""
