"""`python -m clients.credit`: the credit system as a process."""

from clients.common.serve import serve
from clients.credit.app import ABOUT, build

if __name__ == "__main__":
    serve(ABOUT, build)
