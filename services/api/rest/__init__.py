"""REST: the same calls as over gRPC, transcoded by the `google.api.http` rules of the protos (AIP-127)."""
