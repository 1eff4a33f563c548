"""Training: `trainer.py` holds the loop, `checkpoint.py` what survives a kill, `modeldir.py` the result."""
