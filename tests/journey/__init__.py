"""The whole story over real processes: web, worker, relay, scheduler, and a bank that speaks only HTTP."""
