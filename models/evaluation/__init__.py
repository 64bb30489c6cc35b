"""How good the reconstruction is: metrics, baselines and tables; nothing a recording needs."""
