"""`python -m mserbench` is the program `mserbench`."""

from mserbench.cli import main

if __name__ == "__main__":
    main()
