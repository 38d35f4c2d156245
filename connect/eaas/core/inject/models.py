"""Import path of existing extensions: the very module ``connect_eaas.web.inject.models``, so patches work too."""

import sys

from connect_eaas.web.inject import models
from connect_eaas.web.inject.models import *  # noqa: F403

sys.modules[__name__] = models
