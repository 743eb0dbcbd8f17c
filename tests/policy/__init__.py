"""Every route against every role: what is foreign looks exactly like what does not exist (R31, T18)."""
