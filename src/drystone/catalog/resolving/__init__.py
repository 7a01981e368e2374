"""From a need or a capability to the one artifact that does it now: how to call it, why it, and why no other."""
