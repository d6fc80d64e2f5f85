"""How fast it is, measured here and now: medians and ratios, as text or JSON; nothing in it is ever asserted by a test."""
