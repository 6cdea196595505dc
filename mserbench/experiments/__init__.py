"""Tables as data: systems and settings in a TOML file, each trained and scored, and the page that
shows them.
"""
