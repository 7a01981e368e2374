import numpy as np

def variants(all: bool = False) -> list[str]: ...
def peak(seconds: float, variant: str = "") -> float: ...

class Encoder:
    def __init__(
        self,
        variant: str,
        hidden: int,
        heads: int,
        epsilon: float,
        activation: str,
        exact: bool,
        gate: list[float],
        gate_end: float,
    ) -> None: ...
    def embeddings(
        self, word: np.ndarray, position: np.ndarray, type: np.ndarray, scale: np.ndarray, shift: np.ndarray
    ) -> None: ...
    def layer(
        self,
        qkv: np.ndarray,
        qkv_bias: np.ndarray,
        out: np.ndarray,
        out_bias: np.ndarray,
        scale1: np.ndarray,
        shift1: np.ndarray,
        up: np.ndarray,
        up_bias: np.ndarray,
        down: np.ndarray,
        down_bias: np.ndarray,
        scale2: np.ndarray,
        shift2: np.ndarray,
    ) -> None: ...
    def head(self, weight: np.ndarray, bias: np.ndarray) -> None: ...
    def run(
        self, ids: np.ndarray, types: np.ndarray, positions: np.ndarray, lengths: np.ndarray, logits: np.ndarray
    ) -> None: ...
