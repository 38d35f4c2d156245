from conftest_runner import platform, start

__all__ = ["platform", "start"]
