"""The database: tables, sessions, migrations. What is asked of it lives in the repositories."""
