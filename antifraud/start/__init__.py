"""The pieces behind `make`: set-up steps, server processes, ports, supervisor; no rule of the platform."""
