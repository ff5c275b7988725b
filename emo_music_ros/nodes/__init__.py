"""One thin node per file: messages in, one object called, messages out."""
