"""`python -m dahyf_core` is the same as `dahyf`."""

from dahyf_core.cli import main

if __name__ == "__main__":
    main()
