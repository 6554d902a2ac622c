"""The gRPC adapter: parse, call, render. Nothing else in the project sees the wire."""
