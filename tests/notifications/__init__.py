"""Tests of e-mails: rendering, sending, batches, failures and crashes."""
