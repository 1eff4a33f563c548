"""Input that was made to do harm: it is refused in one line, or it is harmless."""
