"""What this machine does in a second: input and training, beside what one would use instead."""
