"""The conformance kit: plays the platform against a bank's own webhook endpoint and says what it does wrong (R9)."""
