"""What samples are worth: perplexities by LSTM and by n-grams, diversity, the grammar's verdict."""
