"""The sections of the report: each from its facts to blocks, in the reader's language."""
