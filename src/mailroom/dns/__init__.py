"""Questions to name servers. dnspython lives here alone, and is loaded at the first question."""
