"""What the benchmarks share: a minimal platform, the echo that it is compared with, a stub API, a sample extension."""
