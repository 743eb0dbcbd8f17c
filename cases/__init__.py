"""Floor 2: what was reported. Cases, victims, leads, attachments, notes; no account and no order is here."""
