"""What can be read on floor 1; nothing is changed here."""
