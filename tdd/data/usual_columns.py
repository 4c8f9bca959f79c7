"""Names that columns usually have, the most usual first, in lower case."""

TEXT_COLUMNS = ("text", "sentence", "review", "content", "question", "document", "comment", "tweet", "headline")

IMAGE_COLUMNS = ("image", "img", "picture", "photo", "jpg", "png")

LABEL_COLUMNS = ("label", "labels", "class", "category", "sentiment", "target", "topic", "intent", "coarse_label")
