"""Uploads: files on their way in, resumable, checked and looked into before they may be used."""
