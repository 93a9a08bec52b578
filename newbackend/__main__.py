"""`python -m newbackend`."""

from newbackend.cli.main import main

if __name__ == "__main__":
    main()
