"""Stages killed at every moment at which they change a file, and the other things that go wrong."""
