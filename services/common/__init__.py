"""What every program stands on, used by two services or more and named by a noun.

What only one service needs belongs to that service. Nothing here imports a service; `settings_catalog`
alone looks their settings up by name, for the table of settings and for refusing unknown ones.
"""
