-- Results compared by tolerance: the output hash of the result it agrees with, its own where it was the first.
ALTER TABLE result ADD COLUMN agrees_with text;
