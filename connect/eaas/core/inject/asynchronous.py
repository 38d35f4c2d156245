"""Import path of existing extensions: the very module ``connect_eaas.web.inject.asynchronous``, so patches work too."""

import sys

from connect_eaas.web.inject import asynchronous
from connect_eaas.web.inject.asynchronous import *  # noqa: F403

sys.modules[__name__] = asynchronous
