"""What the server is doing right now: machine, queue, scanners' conditions."""
