from running_web import anyone, owner, platform, running, web

__all__ = ["anyone", "owner", "platform", "running", "web"]
