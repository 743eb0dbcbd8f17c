"""What changes the ledger of a case: entries, matches, the sums along each account; reading it is in selectors."""
