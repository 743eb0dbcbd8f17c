"""Outgoing HTTP to addresses that an institution named itself: `addresses` says where to, `network` connects to what was
checked, `sending` posts within one hard deadline. What is sent, and what an answer means, is the callers' affair."""
