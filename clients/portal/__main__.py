"""`python -m clients.portal`: the portal as a process."""

from clients.common.serve import serve
from clients.portal.app import ABOUT, build

if __name__ == "__main__":
    serve(ABOUT, build)
