"""Import path of existing extensions: the very module ``connect_eaas.web.inject.synchronous``, so patches work too."""

import sys

from connect_eaas.web.inject import synchronous
from connect_eaas.web.inject.synchronous import *  # noqa: F403

sys.modules[__name__] = synchronous
