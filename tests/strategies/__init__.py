"""Realistic event histories: small universes for property tests, seeded bulk for faults and benchmarks."""
