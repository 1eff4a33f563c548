"""Adversarially Regularized Autoencoders and their relatives, reproduced.

The rooms stand in the order in which text flows through them; none imports a later one:
foundation → corpora → text → nn → systems → engine → generation → evaluation → reporting.
`stages` composes them into the command line's verbs.
"""

__version__ = "0.1.0"
