"""Changes of the schema, one file each; how they are applied is in `backend.db.migrate`."""
