"""What people do in a browser, in Chromium, against the running system."""
