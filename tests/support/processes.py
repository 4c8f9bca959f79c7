"""What a run knows of the processes that work on it, without the others."""

from dataclasses import dataclass

import torch

CPU = torch.device("cpu")


@dataclass
class Process:
    """One of several, as Accelerate describes it."""

    process_index: int
    num_processes: int
    device: torch.device = CPU
    is_main_process: bool = False

    def wait_for_everyone(self) -> None:
        """The others are not there."""
