"""Layers: packed batches, LSTM, encoder, decoder, multilayer perceptrons, posteriors, constraints, optimisers."""
