"""Stock that is claimed and released: guarded updates, group commit, admission."""
