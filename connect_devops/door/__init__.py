"""The door for browsers: pages of extensions, each environment on a host of its own.

Connect shows a page of an extension in an iframe on the extension's own host, where the page calls ``/api/...`` of the
same origin. Here that host is ``{hostname}.localhost``, which browsers take for this machine, and ``portal.`` before it
is the host of the frame around the page. Both are of one site, so that strict cookies reach the iframe, and of two
origins, so that neither can reach into the other; all other hosts are of other sites.
"""
