"""Statement files: received, read, checked, taken into the ledger; the parsers are in `rules.statements`."""
