"""Drawings without a plotting library: SVG, with a description for those who cannot see it."""
