"""Notices: e-mails to the holders of tickets about changed and cancelled events."""
