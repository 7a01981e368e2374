"""Requests to opt out: what they are about, and their life from receipt to decision."""
