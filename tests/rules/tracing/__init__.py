"""The rules of tracing against a reference of their own kind."""
