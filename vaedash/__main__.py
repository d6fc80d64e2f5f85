"""`python -m vaedash`."""

import sys

from vaedash.cli import main

sys.exit(main())
