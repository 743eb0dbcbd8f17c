"""What can be read on this floor: the rows behind each figure, and the figures made of exactly these rows."""
