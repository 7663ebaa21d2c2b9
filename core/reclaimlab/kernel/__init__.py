"""The simulated kernel: files and functions named after the kernel's."""
