"""REST in plain JSON with nothing but the standard library: what the command line speaks.

`headwater.Client` is the typed client, over gRPC.
"""
