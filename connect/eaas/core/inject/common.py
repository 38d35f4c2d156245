"""Import path of existing extensions: the very module ``connect_eaas.web.inject.common``, so patches work too."""

import sys

from connect_eaas.web.inject import common
from connect_eaas.web.inject.common import *  # noqa: F403

sys.modules[__name__] = common
