"""The page behind one-time links: the first user, a new password, a lost second factor."""
