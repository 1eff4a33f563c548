"""Questions asked of one trained model: each module is a probe, with `Settings` and `measure`."""
