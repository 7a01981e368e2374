"""What people ask for and decide: opt-outs, licence reviews, and the proof of both."""
