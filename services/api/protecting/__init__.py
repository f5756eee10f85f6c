"""Who may watch, as api has it: policies for origins, signing keys, and tokens made on request."""
