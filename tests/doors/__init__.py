"""Tests of the post office, the clock and their processes."""
