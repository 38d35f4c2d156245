from transformations_stage import platform, stage

__all__ = ["platform", "stage"]
