"""The clinical service: people, patients, consent, files, jobs, results. Never imports torch."""
