"""`python -m dataset_tools` is the command line."""

from dataset_tools.cli import main

main()
