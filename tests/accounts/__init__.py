"""Tests of floor 3: one file per verb."""
