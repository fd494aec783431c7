class Browser:
    NAME = "browser"
