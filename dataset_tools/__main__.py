"""`python -m dataset_tools`: the command line where its script is not on the path."""

from dataset_tools.cli import main

if __name__ == "__main__":
    main()
