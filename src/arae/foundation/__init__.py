"""What every room stands on: errors, atomic files, settings, code versions, provenance, stage runs."""
