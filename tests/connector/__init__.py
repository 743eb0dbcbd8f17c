"""The banks' connector: units, processes that are killed at every step, and the conformance kit against good and bad endpoints."""
