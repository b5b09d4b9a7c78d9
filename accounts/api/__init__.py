"""The door for programs: JSON in, JSON out, problems as RFC 9457 says."""
