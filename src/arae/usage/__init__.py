"""Using a trained model: pure functions from sentences to sentences, codes and likelihoods."""
