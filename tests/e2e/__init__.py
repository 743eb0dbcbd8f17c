"""A real browser against real processes: what people do by hand."""
