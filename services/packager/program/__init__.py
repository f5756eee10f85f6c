"""One broadcast's program: units of two instances in, ticks out. Pure.

`ordering` puts the media log in order, `instance` keeps what one instance sent, `election` says which instance is on
air, `cutter` decides where parts and segments end, `ledger` keeps what a playlist and an heir must know, and `program`
ties them together. What comes out is a function of what is in the log.
"""
