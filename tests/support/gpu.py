"""What needs a GPU: skipped where there is none."""

import pytest
import torch

ON_GPU = pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU with CUDA here"))
