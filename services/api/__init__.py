"""api: records and orders over gRPC and REST, and the start page.

It is the only writer of livestreams, stream keys, broadcasts, media and tokens. When it is away nothing else stops:
what others must know lies in key-value buckets, and what happened meanwhile it reads afterwards.
"""
