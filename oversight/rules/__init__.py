"""Plain rules of this floor: no Django, no database, no clock of their own (house rule 3)."""
