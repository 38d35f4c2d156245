"""Connect's business objects on the local platform: requests, assets, tier configurations, listings, usage, products.

``World.over(services)`` opens it; ``routes(world)`` are its addresses; ``create_sample`` makes believable objects and
takes in real ones.
"""

from connect_devops.sandbox.choices import SandboxChoices
from connect_devops.sandbox.routes import routes
from connect_devops.sandbox.samples import EVENTS, Sample, create_sample, ensure_product
from connect_devops.sandbox.samples.transformations import STREAM_COLUMNS
from connect_devops.sandbox.world import World

__all__ = [
    "EVENTS",
    "STREAM_COLUMNS",
    "Sample",
    "SandboxChoices",
    "World",
    "create_sample",
    "ensure_product",
    "routes",
]
