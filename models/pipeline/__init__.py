"""From files to a result folder: capture, fit, measures and quality control in their order."""

from models.pipeline.run import observe, reconstruct

__all__ = ["observe", "reconstruct"]
