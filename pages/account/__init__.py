"""The pages of accounts: sign-in, sign-up, the person's own account, and the links of its e-mails."""
