"""Consents: for which purposes a patient agreed, the signed paper, and what is blocked without."""
