"""Whether a download can work, told in seconds."""

import socket
import urllib.request
from urllib.parse import urlsplit


def reachable(urls, timeout=5.0) -> bool:
    """Whether the host of the first of these addresses answers. TFDS alone retries for over three
    minutes before it gives up.

    True where only trying can tell: no address is known, a proxy resolves the names, or the address
    is not of the web.
    """
    proxies = urllib.request.getproxies()  # HTTPS_PROXY, all_proxy and their like, and the system's
    for url in list(urls or ())[:1]:
        parts = urlsplit(url)
        proxied = {parts.scheme, "all"} & set(proxies) and not urllib.request.proxy_bypass(parts.netloc)
        if proxied or parts.scheme not in ("http", "https"):
            return True
        port = parts.port or (443 if parts.scheme == "https" else 80)
        try:
            socket.create_connection((parts.hostname, port), timeout).close()
        except OSError:
            return False
    return True
