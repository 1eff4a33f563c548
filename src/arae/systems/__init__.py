"""Models as recipes: one short file per system, composing parts into phases with equation numbers.

A system `name` is the module `arae.systems.name` with a `Settings` dataclass and a `build`
function; nothing else needs to know of it. `system.py` says what a system is, `registry.py` finds
them, `autoencoder.py` holds what encoder-decoder systems share.
"""
