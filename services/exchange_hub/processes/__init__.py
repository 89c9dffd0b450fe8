"""The long-running processes of the hub — workers, relay, what watches over them — and the wiring that they share with the commands."""
