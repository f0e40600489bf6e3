"""The append-only audit record: what happened, to whom, by whom, from where."""
