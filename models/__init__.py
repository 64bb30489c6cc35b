"""The science of SFPFR: from recordings to meshes and measures; no web, no database, no queue."""
