"""A resource of the owner's on the classes of the core, with the example and without it."""

from collections.abc import Collection, Mapping
from pathlib import Path

import pytest

from environment import Environment, check
from harness import DEFAULTS, commit_all, git, git_template, render, update
from sharing import Results

pytestmark = pytest.mark.full

PACKAGE = "src/my_service"

TEST = "tests/api/test_orders.py"

RESOURCE: Mapping[str, str] = {
    f"{PACKAGE}/domain/orders.py": '''\
"""Orders."""

from dataclasses import dataclass

from sqlalchemy import String, text
from sqlalchemy.orm import Mapped, mapped_column

from my_service.core.database.models import Entity
from my_service.core.errors import ConflictError


class OrderKeyReusedError(ConflictError):
    """The idempotency key belongs to another order."""

    code = "order_key_reused"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOrder:
    """An order to place."""

    item: str
    quantity: int
    key: str


class Order(Entity):
    """An order; `version` counts the changes."""

    __tablename__ = "orders"

    item: Mapped[str] = mapped_column(String(100))
    quantity: Mapped[int]
    key: Mapped[str] = mapped_column(String(64), unique=True)
    version: Mapped[int] = mapped_column(server_default=text("1"))
''',
    f"{PACKAGE}/services/orders.py": '''\
"""Settings, metrics and prices of orders."""

from collections.abc import Collection
from decimal import Decimal
from typing import Protocol

from prometheus_client import Counter
from pydantic import Field, SecretStr, TypeAdapter

from my_service.core.batching import batched
from my_service.core.cache import Cache, cached
from my_service.core.cache.codec import JsonCodec
from my_service.core.concurrency import all_or_nothing
from my_service.core.metrics import Metrics
from my_service.core.settings import SettingsGroup
from my_service.core.web.context import RequestContext

MAX_CONCURRENT_REQUESTS = 10


class OrdersSettings(SettingsGroup):
    """Orders."""

    supplier_url: str = Field(default="https://supplier.example.org/price", pattern=r"^https?://")
    recipients: tuple[str, ...] = ("orders@example.org",)
    token: SecretStr = SecretStr("")


class Prices(Protocol):
    """Prices of items."""

    async def price(self, item: str) -> Decimal: ...


class OrderMetrics:
    """The metrics of orders."""

    def __init__(self) -> None:
        self.placed = Counter("orders_placed", "Orders placed.", registry=None)
        self.requests = Counter("orders_requests", "Requests for orders.", registry=None)
        self.last_quantity = 0

    def register(self, metrics: Metrics) -> None:
        """Add the metrics to those of the application."""
        metrics.registry.register(self.placed)
        metrics.registry.register(self.requests)
        text = "Quantity of the last order."
        metrics.add_gauge("orders_last_quantity", text, lambda: self.last_quantity)

    def on_placed(self, quantity: int) -> None:
        """Count an order."""
        self.placed.inc()
        self.last_quantity = quantity

    def on_response(self, context: RequestContext) -> None:
        """Count a request."""
        if context.route.startswith("/orders"):
            self.requests.inc()


def price_key(item: str) -> str:
    """Return the cache key of a price."""
    return f"price:{item}"


class PriceService:
    """Returns cached prices."""

    def __init__(self, cache: Cache, prices: Prices) -> None:
        self.cache = cache
        self.prices = prices

    @cached(key=price_key, ttl=60, codec=JsonCodec(TypeAdapter(Decimal)))
    async def price(self, item: str) -> Decimal:
        """Return the price of an item."""
        return await self.prices.price(item)

    async def total(self, quantities: Collection[tuple[str, int]]) -> Decimal:
        """Return the price of items in the given quantities."""
        total = Decimal(0)
        for batch in batched(quantities, MAX_CONCURRENT_REQUESTS):
            async with all_or_nothing() as group:
                tasks = [(group.create_task(self.price(item)), count) for item, count in batch]
            total += sum(task.result() * count for task, count in tasks)
        return total
''',
    f"{PACKAGE}/infrastructure/orders.py": '''\
"""Orders in the database, prices of the supplier, and mails."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import ClassVar

from pydantic import BaseModel
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from my_service.core.database.repository import ConstraintError, Repository
from my_service.core.errors import PreconditionFailedError
from my_service.core.http_client import HttpClient
from my_service.core.http_client.stale import StaleIfError
from my_service.core.jobs.outbox import Job, enqueue
from my_service.core.mail import Mail, Mailer
from my_service.core.page_query import PageQuery
from my_service.domain.orders import NewOrder, Order, OrderKeyReusedError

MAX_PRICE_AGE_SECONDS = 3600


class OrderRepository(Repository[Order]):
    """Orders."""

    model = Order
    constraint_errors: ClassVar[Mapping[str, ConstraintError]] = {
        "uq_orders_key": (OrderKeyReusedError, "This Idempotency-Key was already used."),
    }

    async def count(self) -> int:
        """Return the number of orders."""
        return int((await self.session.scalars(select(func.count(Order.id)))).one())

    async def list_newest(self, page: PageQuery) -> Sequence[Order]:
        """Return the orders of a page, newest first."""
        return (await self.session.scalars(self.descending(page))).all()

    async def quantities(self) -> list[tuple[str, int]]:
        """Return the ordered quantity of each item."""
        query = select(Order.item, func.sum(Order.quantity)).group_by(Order.item)
        return [(item, int(quantity)) for item, quantity in await self.session.execute(query)]


async def place_order(session: AsyncSession, *, new: NewOrder) -> Order:
    """Store an order and the job that confirms it."""
    order = Order(item=new.item, quantity=new.quantity, key=new.key)
    await OrderRepository(session).save(order)
    job = Job(name="orders.confirm", key=f"order-{order.id}", payload={"order_id": order.id})
    await enqueue(session, job)
    return order


async def change_quantity(
    session: AsyncSession, *, order_id: int, quantity: int, versions: frozenset[int] | None
) -> Order:
    """Change the quantity of a version that the client has seen."""
    orders = OrderRepository(session)
    order = await orders.get(order_id, for_update=True)
    if versions is not None and order.version not in versions:
        raise PreconditionFailedError("The order has changed; read it again.")
    order.quantity = quantity
    order.version += 1
    return await orders.save(order)


class PriceResponse(BaseModel):
    """The response of the supplier."""

    price: Decimal


class SupplierClient:
    """Requests prices; a stale price replaces an unavailable one."""

    def __init__(self, http: HttpClient, url: str) -> None:
        self.http = http
        self.url = url
        self.last_prices = StaleIfError("prices")

    async def price(self, item: str) -> Decimal:
        """Return the price of an item."""
        load = partial(self.load, item)
        return await self.last_prices.get(item, load, max_age=MAX_PRICE_AGE_SECONDS)

    async def load(self, item: str) -> Decimal:
        """Request the price of an item."""
        response = await self.http.get(self.url, {"item": item})
        return PriceResponse.model_validate_json(response.content).price


class PrefixMailer(Mailer):
    """Marks the mails of this service."""

    async def send(self, mail: Mail) -> None:
        """Send a mail."""
        await super().send(replace(mail, subject=f"[my-service] {mail.subject}"))
''',
    f"{PACKAGE}/api/schemas/orders.py": '''\
"""Request and response bodies of orders."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from pydantic import Field, StringConstraints

from my_service.core.web.schemas import SINGLE_LINE, RequestBody, ResponseBody
from my_service.domain.orders import NewOrder

Item = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=SINGLE_LINE)]
Quantity = Annotated[int, Field(ge=1, le=1000)]


class OrderIn(RequestBody):
    """A new order."""

    item: Item
    quantity: Quantity

    def to_domain(self, key: str) -> NewOrder:
        """Return the argument of the use case."""
        return NewOrder(item=self.item, quantity=self.quantity, key=key)


class OrderUpdateIn(RequestBody):
    """A change of an order."""

    quantity: Quantity


class OrderOut(ResponseBody):
    """An order."""

    id: int
    item: str
    quantity: int
    created_at: datetime


class PriceOut(ResponseBody):
    """The price of an order."""

    order_id: int
    price: Decimal
''',
    f"{PACKAGE}/api/auth.py": '''\
"""Authentication of clients."""

from secrets import compare_digest
from typing import Annotated

from fastapi import Depends, Header

from my_service.core.errors import UnauthorizedError
from my_service.core.services import provide
from my_service.services.orders import OrdersSettings


async def require_token(
    settings: Annotated[OrdersSettings, Depends(provide(OrdersSettings))],
    authorization: Annotated[str, Header(include_in_schema=False)] = "",
) -> None:
    """Reject a client without the token."""
    expected = f"Bearer {settings.token.get_secret_value()}"
    if not compare_digest(authorization.encode(), expected.encode()):
        raise UnauthorizedError("Send the token as a bearer token.")
''',
    f"{PACKAGE}/api/routes/orders.py": '''\
"""Routes of orders."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from sqlalchemy.ext.asyncio import AsyncSession

from my_service.api.auth import require_token
from my_service.api.schemas.orders import OrderIn, OrderOut, OrderUpdateIn, PriceOut
from my_service.core.database import DatabaseDep
from my_service.core.services import provide
from my_service.core.web.idempotency import IdempotencyKey
from my_service.core.web.pagination import Page, PageParams
from my_service.core.web.preconditions import IF_MATCH, IfMatch, etag
from my_service.core.web.schemas import IdPath
from my_service.domain.orders import Order
from my_service.infrastructure.orders import OrderRepository, change_quantity, place_order
from my_service.services.orders import OrderMetrics, PriceService

router = APIRouter(prefix="/orders", tags=["orders"], dependencies=[Depends(require_token)])

OrderMetricsDep = Annotated[OrderMetrics, Depends(provide(OrderMetrics))]
PriceServiceDep = Annotated[PriceService, Depends(provide(PriceService))]


def order_response(order: Order, response: Response) -> OrderOut:
    """Return the body for an order, and set the ETag header."""
    response.headers["ETag"] = etag(order.version)
    return OrderOut.model_validate(order)


@router.post("", status_code=201)
async def create_order(
    body: OrderIn,
    key: IdempotencyKey,
    database: DatabaseDep,
    metrics: OrderMetricsDep,
    response: Response,
) -> OrderOut:
    """Place an order."""
    order = await database.write(partial(place_order, new=body.to_domain(key)))
    metrics.on_placed(order.quantity)
    response.headers["Location"] = f"/orders/{order.id}"
    return order_response(order, response)


@router.get("")
async def list_orders(params: PageParams, database: DatabaseDep) -> Page[OrderOut]:
    """List orders, oldest first."""
    rows = await database.read(
        lambda session: OrderRepository(session).list_page(params.to_query())
    )
    return Page[OrderOut].from_items(rows, params)


@router.get("/newest", response_model=Page[OrderOut])
async def list_newest_orders(params: PageParams, database: DatabaseDep) -> Response:
    """List orders, newest first."""
    rows = await database.read(
        lambda session: OrderRepository(session).list_newest(params.to_query())
    )
    return Page[OrderOut].response(rows, params)


@router.get("/{order_id:int}")
async def get_order(order_id: IdPath, database: DatabaseDep, response: Response) -> OrderOut:
    """Return an order."""
    order = await database.read(lambda session: OrderRepository(session).get(order_id))
    return order_response(order, response)


@router.patch("/{order_id:int}", openapi_extra={"parameters": [IF_MATCH]})
async def update_order(
    order_id: IdPath,
    body: OrderUpdateIn,
    versions: IfMatch,
    database: DatabaseDep,
    response: Response,
) -> OrderOut:
    """Change an order if no other client has changed it."""
    work = partial(change_quantity, order_id=order_id, quantity=body.quantity, versions=versions)
    return order_response(await database.write(work), response)


@router.delete("/{order_id:int}", status_code=204)
async def delete_order(order_id: IdPath, database: DatabaseDep) -> None:
    """Delete an order."""

    async def work(session: AsyncSession) -> None:
        orders = OrderRepository(session)
        await orders.delete(await orders.get(order_id, for_update=True))

    await database.write(work)


@router.get("/{order_id:int}/price")
async def get_price(order_id: IdPath, database: DatabaseDep, prices: PriceServiceDep) -> PriceOut:
    """Return the price of an order."""
    order = await database.read(lambda session: OrderRepository(session).get(order_id))
    price = await prices.price(order.item)
    return PriceOut(order_id=order.id, price=price * order.quantity)
''',
    f"{PACKAGE}/components.py": '''\
"""The components of this project. This file is yours: updates never touch it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from pydantic import JsonValue

from my_service.api.routes import orders
from my_service.core.cache import Cache
from my_service.core.component import Component
from my_service.core.database import Database
from my_service.core.http_client import HttpClient
from my_service.core.jobs import Jobs
from my_service.core.mail import Mail, Mailer
from my_service.core.metrics import metrics_component
from my_service.core.services import Services
from my_service.infrastructure.orders import OrderRepository, PrefixMailer, SupplierClient
from my_service.services.orders import OrderMetrics, OrdersSettings, PriceService
from my_service.settings import Settings


def orders_component(settings: OrdersSettings) -> Component:
    """Add orders; it starts after the practices."""
    metrics = OrderMetrics()

    @asynccontextmanager
    async def start(services: Services) -> AsyncIterator[None]:
        database, jobs = services.get(Database), services.get(Jobs)
        mailer = PrefixMailer(services.get(Mailer).settings)
        supplier = SupplierClient(services.get(HttpClient), settings.supplier_url)
        prices = PriceService(services.get(Cache), supplier)
        services.add(OrdersSettings, settings)
        services.add(OrderMetrics, metrics)
        services.add(PriceService, prices)
        services.replace(Mailer, mailer)

        async def send(key: str, body: str) -> None:
            for to in settings.recipients:
                mail = Mail(idempotency_key=key, to=to, subject="Orders", body=body)
                await mailer.send(mail)

        async def confirm(payload: Mapping[str, JsonValue]) -> None:
            order_id = payload["order_id"]
            await send(f"order-{order_id}", f"Order {order_id} is placed.")

        async def report(_payload: Mapping[str, JsonValue]) -> None:
            quantities = await database.read(lambda session: OrderRepository(session).quantities())
            total = await prices.total(quantities)
            await send(f"orders-{total}", f"Orders of {total} in all.")

        jobs.handlers |= {"orders.confirm": confirm, "orders.report": report}
        jobs.intervals["orders.report"] = 86_400
        yield

    return Component(
        name="orders",
        start=start,
        on_response=metrics.on_response,
        routers=(orders.router,),
    )


def components(settings: Settings) -> tuple[Component, ...]:
    """Return the components of this project."""
    order_metrics = metrics_component("order_metrics", OrderMetrics, OrderMetrics.register)
    return (orders_component(settings.orders), order_metrics)
''',
    f"{PACKAGE}/settings.py": '''\
"""The settings of this project. This file is yours: updates never touch it."""

from my_service.practices import PracticeSettings
from my_service.services.orders import OrdersSettings


class Settings(PracticeSettings):
    """The settings of the practices, and of orders; an environment variable sets each."""

    orders: OrdersSettings = OrdersSettings()
''',
    f"{PACKAGE}/commands.py": '''\
"""The sub-commands of this project. This file is yours: updates never touch it."""

import asyncio

from my_service.core.cli import Command, CommandContext
from my_service.core.database import build
from my_service.infrastructure.orders import OrderRepository
from my_service.settings import Settings


async def count_orders(settings: Settings) -> int:
    """Return the number of orders."""
    database = build(settings.database)
    try:
        return await database.read(lambda session: OrderRepository(session).count())
    finally:
        await database.engine.dispose()


def print_orders(context: CommandContext[Settings]) -> None:
    """Print the number of orders."""
    print(asyncio.run(count_orders(context.settings)))


COMMANDS: tuple[Command[Settings], ...] = (
    Command(name="orders", help="print the number of orders", run=print_orders),
)
''',
    TEST: '''\
"""Orders."""

from collections.abc import AsyncIterator

import httpx2
import pytest
from prometheus_client import generate_latest

from my_service.__main__ import main
from my_service.app import create_app
from my_service.core.app import Application
from my_service.core.database import Database
from my_service.core.http_client import HttpClient
from my_service.core.jobs import Jobs
from my_service.core.mail import Mail, Mailer
from my_service.core.metrics import Metrics
from my_service.infrastructure.orders import PrefixMailer
from my_service.settings import Settings

from support.client import connect
from support.database import undone

TOKEN = {"Authorization": "Bearer hunter2"}


@pytest.fixture
def app() -> Application:
    """Return an application with a token."""
    return create_app(Settings.load({"orders": {"token": "hunter2"}}))


@pytest.fixture
async def client(app: Application) -> AsyncIterator[httpx2.AsyncClient]:
    """Yield a client with the token; calls of the application go to a fake supplier."""

    def supplier(request: httpx2.Request) -> httpx2.Response:
        assert request.url.params["item"] == "Tea"
        return httpx2.Response(200, json={"price": "1.50"})

    async with connect(app) as client, undone(app.services.get(Database)):
        transport = httpx2.MockTransport(supplier)
        app.services.get(HttpClient).client = httpx2.AsyncClient(transport=transport)
        client.headers.update(TOKEN)
        yield client


async def place(client: httpx2.AsyncClient, key: str = "first-order") -> httpx2.Response:
    """Place an order."""
    body = {"item": "Tea", "quantity": 2}
    return await client.post("/orders", json=body, headers={"Idempotency-Key": key})


async def test_token_is_required(client: httpx2.AsyncClient) -> None:
    """A client without the token gets 401."""
    assert (await client.get("/orders", headers={"Authorization": ""})).status_code == 401


async def test_order_is_placed(app: Application, client: httpx2.AsyncClient) -> None:
    """The Location header leads to the order, and the metrics count it."""
    response = await place(client)

    assert response.status_code == 201
    assert (await client.get(response.headers["location"])).json() == response.json()
    assert (await client.get("/nowhere")).status_code == 404
    exposed = generate_latest(app.services.get(Metrics).registry).decode()
    assert "orders_placed_total 1.0" in exposed
    assert "orders_requests_total 2.0" in exposed
    assert "orders_last_quantity 2.0" in exposed


async def test_key_is_unique(client: httpx2.AsyncClient) -> None:
    """A second order with the same key is a conflict."""
    await place(client)
    response = await place(client)

    assert (response.status_code, response.json()["code"]) == (409, "order_key_reused")


async def test_orders_are_listed(client: httpx2.AsyncClient) -> None:
    """The pages have all orders."""
    ids = [(await place(client, f"order-number-{n}")).json()["id"] for n in range(3)]

    first = (await client.get("/orders?limit=2")).json()
    rest = (await client.get("/orders", params={"cursor": first["next_cursor"]})).json()

    assert [order["id"] for order in first["items"] + rest["items"]] == ids
    newest = (await client.get("/orders/newest?limit=2")).json()
    assert newest["items"] == [*rest["items"], first["items"][1]]
    assert newest["next_cursor"] is not None


async def test_current_version_is_changed(client: httpx2.AsyncClient) -> None:
    """Of two clients that have seen the same version, the first one wins."""
    placed = await place(client)
    url, tag = placed.headers["location"], {"If-Match": placed.headers["etag"]}

    statuses = [
        (await client.patch(url, json={"quantity": number}, headers=tag)).status_code
        for number in (3, 4)
    ]

    assert statuses == [200, 412]
    assert (await client.patch(url, json={"quantity": 5}, headers={"If-Match": "*"})).is_success
    assert (await client.delete(url)).status_code == 204
    assert (await client.get(url)).status_code == 404


async def test_price_is_cached(client: httpx2.AsyncClient) -> None:
    """The price of the supplier is multiplied by the quantity."""
    url = (await place(client)).headers["location"]

    assert (await client.get(f"{url}/price")).json()["price"] == "3.00"


async def test_order_is_confirmed_and_reported(
    app: Application, client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker sends a mail for each order, and one for each day."""
    mails: list[str] = []

    async def send(_mailer: Mailer, mail: Mail) -> None:
        mails.append(f"{mail.subject}: {mail.body}")

    monkeypatch.setattr(Mailer, "send", send)
    assert isinstance(app.services.get(Mailer), PrefixMailer)
    order_id = (await place(client)).json()["id"]
    jobs = app.services.get(Jobs)
    await jobs.schedule()

    for job_id in await jobs.outbox.lease_due():
        await jobs.run(job_id)

    assert sorted(mails) == [
        f"[my-service] Orders: Order {order_id} is placed.",
        "[my-service] Orders: Orders of 3.00 in all.",
    ]


def test_command_counts_orders(capsys: pytest.CaptureFixture[str]) -> None:
    """The command prints the number of orders."""
    assert main(["orders"]) == 0
    assert capsys.readouterr().out == "0\\n"
''',
}
"""The files that the owner writes: the resource, what wires it, and its tests."""

ENV_EXAMPLE = """
# Orders: the price list of the supplier, the recipients of reports, and the token of clients
MY_SERVICE_ORDERS__SUPPLIER_URL=https://supplier.example.org/price
MY_SERVICE_ORDERS__RECIPIENTS=orders@example.org
MY_SERVICE_ORDERS__TOKEN=
"""
"""What the owner adds to .env.example."""

MIGRATION = f"{PACKAGE}/migrations/versions/*_add_orders.py"

WITH_DATABASE = """
import os, subprocess, sys

sys.path.insert(0, "tests")

from support.database import migrated_database_url

with migrated_database_url() as url:
    variables = {**os.environ, "MY_SERVICE_DATABASE__URL": url}
    sys.exit(subprocess.run(sys.argv[1:], env=variables).returncode)
"""
"""Runs a command with a migrated database of its own."""

GATES = ("lint", "format-check", "imports", "dependencies")
MEASURED = ("--cov", "--cov-report=term-missing")

TESTS = (
    "tests/architecture",
    "tests/core/database/test_migrations.py",
    "tests/core/test_dotenv_file.py",
    "tests/core/test_metrics.py",
    "tests/core/test_settings.py",
    "tests/core/test_tracing.py",
)
"""The tests that read what an owner adds."""


@pytest.fixture
def project(tmp_path: Path, environment: Environment) -> Path:
    """Return a full project with the owner's resource, all committed."""
    project = tmp_path / "my-service"
    render(project, git_template(tmp_path / "tenon"), {**DEFAULTS, "preset": "full"})
    commit_all(project, "Start")
    for path, text in RESOURCE.items():
        (project / path).write_text(text, encoding="utf-8")
    with (project / ".env.example").open("a", encoding="utf-8") as file:
        file.write(ENV_EXAMPLE)
    environment.install(project)
    revision = "poe", "revision", "-m", "add orders"
    made = environment.run(project, "python", "-W", "ignore", "-c", WITH_DATABASE, *revision)
    check(made)
    assert "Undefined" not in made.output
    assert "remaining" not in made.output.replace("0 remaining", "")
    commit_all(project, "Add orders")
    return project


def own_files(project: Path) -> dict[str, bytes]:
    """Return the content of the owner's files."""
    paths = [*map(project.joinpath, RESOURCE), *project.glob(MIGRATION)]
    assert len(paths) == len(RESOURCE) + 1
    return {path.relative_to(project).as_posix(): path.read_bytes() for path in paths}


def check_project(
    project: Path,
    environment: Environment,
    results: Results,
    own: Collection[str],
    others: Collection[str],
) -> None:
    """Run the gates, the owner's tests, which cover all of the owner's modules, and the others.

    Args:
        project: The folder.
        environment: One that holds it.
        results: Where mypy's caches are left.
        own: The paths of the owner's files.
        others: The tests that may read them; a variant has some of them.
    """
    gates = [environment.run(project, "poe", gate) for gate in GATES]
    types = environment.check_types(
        project, "poe", "types", cache="own-True-3.11", shared=results.folder
    )
    tests = [path for path in own if path.startswith("tests/")]
    measured = environment.run(project, "pytest", "-q", *MEASURED, *tests)
    there = [path for path in others if (project / path).exists()]
    unmeasured = environment.run(project, "pytest", "-q", "-m", "not slow", *there)

    check(*gates, types, measured, unmeasured)
    lines = [line.split() for line in measured.stdout.splitlines() if line.startswith(PACKAGE)]
    covered = {words[0]: words[5] for words in lines}
    modules = [path for path in own if path.startswith(PACKAGE)]
    assert {path: covered[path] for path in modules} == dict.fromkeys(modules, "100%")


def switch_example(project: Path, environment: Environment, *, example: bool) -> None:
    """Switch the example on or off, and commit the result with its lock file."""
    update(project, {"example": example})
    assert git(project, "ls-files", "-u") == ""
    assert (project / PACKAGE / "example").exists() == example
    environment.install(project)
    commit_all(project, f"Switch the example {'on' if example else 'off'}")


def test_own_resource_stands_without_the_example(
    project: Path, environment: Environment, results: Results
) -> None:
    """The owner's files stay as they are, and every gate is green, with and without the example."""
    own = own_files(project)
    before = git(project, "rev-parse", "HEAD").strip()

    check_project(project, environment, results, RESOURCE, TESTS)
    switch_example(project, environment, example=False)
    assert own_files(project) == own
    check_project(project, environment, results, RESOURCE, TESTS)
    switch_example(project, environment, example=True)
    assert git(project, "diff", "--name-only", before, "--", ":!uv.lock") == ""
    # uv lists the environments of a lock in the order in which it comes to them.
    locks = [git(project, "show", f"{commit}:uv.lock") for commit in (before, "HEAD")]
    assert sorted(locks[0].splitlines()) == sorted(locks[1].splitlines())
