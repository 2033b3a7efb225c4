"""What the admin has laid down about mail: aliases, auto BCC."""
