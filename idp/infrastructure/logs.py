"""Logs as one JSON object a line on standard error; never a token, secret, certificate number or phone."""

import logging
import sys
import warnings

import structlog
from joserfc.errors import SecurityWarning

_SHARED: list[structlog.typing.Processor] = [
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
]
_JSON = structlog.processors.JSONRenderer(ensure_ascii=False)


def configure() -> None:
    """Set up structlog, and the standard library's loggers alike, for this process."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _JSON],
            foreign_pre_chain=_SHARED,
        )
    )
    # The name EdDSA stays registered until clients know Ed25519 (RFC 9864); the library warns at each use.
    warnings.filterwarnings("ignore", category=SecurityWarning)
    # Libraries say at lower levels what they send and receive.
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name in ("uvicorn", "uvicorn.error"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    structlog.configure(
        processors=[*_SHARED, _JSON],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
