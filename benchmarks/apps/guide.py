"""A BAD EXAMPLE to measure, not to copy: chapters 7.2 and 10.2 to 10.4 of Tenon's guide, as written.

Only what they leave open is filled in: the endpoint, which logs a line as 10.2 shows; stand-ins for
the database and Redis, which 10.3 asks; and `/metrics`, to read the counters of 10.4.
"""

# This is quoted code, with the faults that the rules below would find.
# ruff: noqa: ANN001, ANN201, ANN204, ARG001, B008, BLE001, D415, E501, FAST002
# ruff: noqa: N818, RUF010, TRY300
# mypy: ignore-errors

import time

import structlog
from fastapi import Depends, FastAPI, Request, Response, status
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from prometheus_client import Counter, Histogram, make_asgi_app

app = FastAPI()


# 3.1, which 7.2 needs
class AppException(Exception):
    def __init__(self, message: str, code: str | None = None):
        self.message = message
        self.code = code
        super().__init__(message)


class ValidationError(AppException):
    pass


class NotFoundError(AppException):
    pass


# 7.2
@app.exception_handler(NotFoundError)
async def not_found_handler(request: Request, exc: NotFoundError):
    return JSONResponse(
        status_code=status.HTTP_404_NOT_FOUND, content={"error": exc.message, "code": exc.code}
    )


@app.exception_handler(ValidationError)
async def validation_error_handler(request: Request, exc: ValidationError):
    return JSONResponse(
        status_code=status.HTTP_400_BAD_REQUEST, content={"error": exc.message, "code": exc.code}
    )


@app.exception_handler(RequestValidationError)
async def validation_exception_handler(request: Request, exc: RequestValidationError):
    return JSONResponse(
        status_code=status.HTTP_422_UNPROCESSABLE_ENTITY, content={"errors": exc.errors()}
    )


# 10.2
structlog.configure(
    processors=[
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso"),
        structlog.processors.JSONRenderer(),
    ]
)

logger = structlog.get_logger()


# 10.3, with stand-ins
class StandIn:
    async def execute(self, statement: str) -> None: ...

    async def ping(self) -> None: ...


redis_client = StandIn()


async def get_db():
    yield StandIn()


@app.get("/health")
async def health_check():
    """Kubernetes liveness probe"""
    return {"status": "ok"}


@app.get("/health/ready")
async def readiness_check(db: StandIn = Depends(get_db)):
    """Kubernetes readiness probe"""
    try:
        await db.execute("SELECT 1")
        await redis_client.ping()
        return {"status": "ready"}
    except Exception as e:
        return Response(
            content=f"Not ready: {str(e)}", status_code=status.HTTP_503_SERVICE_UNAVAILABLE
        )


# 10.4
http_requests_total = Counter(
    "http_requests_total", "Total HTTP requests", ["method", "endpoint", "status"]
)

http_request_duration_seconds = Histogram(
    "http_request_duration_seconds", "HTTP request latency", ["method", "endpoint"]
)


@app.middleware("http")
async def prometheus_middleware(request: Request, call_next):
    start_time = time.time()

    response = await call_next(request)

    duration = time.time() - start_time

    http_requests_total.labels(
        method=request.method, endpoint=request.url.path, status=response.status_code
    ).inc()

    http_request_duration_seconds.labels(method=request.method, endpoint=request.url.path).observe(
        duration
    )

    return response


# Filled in
@app.get("/ping")
async def ping(request: Request) -> dict[str, str]:
    logger.info(
        "ping", ip_address=request.client.host, user_agent=request.headers.get("user-agent")
    )
    return {"message": "pong"}


app.mount("/metrics", make_asgi_app())
