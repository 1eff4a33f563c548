"""Where text comes from: exact grammars, a user's files, verified downloads."""
