"""What grows with a build, and how, on one machine, on two hosts and in an object store."""
