"""What other people import: the client, the command line, and `headwater.v1`, built from protos/."""
