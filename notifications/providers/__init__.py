"""Providers: the ways to send a message (Resend, SMTP, files)."""
