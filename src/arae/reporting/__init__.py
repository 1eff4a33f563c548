"""From scores to tables, figures and the report; nothing is shown whose provenance fails."""
