class Browser:
    NAME="browser"
