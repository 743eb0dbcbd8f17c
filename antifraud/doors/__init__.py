"""The doors as processes: the commands `relay` and `scheduler` and the workers' tasks; what they do stands in
`antifraud.deliveries` and `antifraud.schedule`."""
