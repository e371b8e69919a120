"""OpenID Connect: sign-in with an account of another provider."""
