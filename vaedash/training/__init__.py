"""Making a run happen: the loop, the step, the process it runs in, the hardware it runs on."""
