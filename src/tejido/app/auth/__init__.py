"""Who may use the server: tokens, accounts, sessions, roles."""
