"""The closed form of recurrent networks: their kernel, a layer, either direction of reading, and cells of two kinds."""
