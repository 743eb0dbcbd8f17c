"""What can be done on this floor: one function per verb, each in the open unit of work. Reading is in the selectors."""
