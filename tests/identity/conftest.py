from tests.oracles.client import swh

__all__ = ["swh"]
