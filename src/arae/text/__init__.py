"""From raw lines to tokens, a vocabulary, and arrays of ids."""
