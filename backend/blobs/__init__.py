"""Blobs: rows that say which encrypted objects there are and whose; bytes are in kit.storage."""
