"""Migrations of tests: they follow those that came with the project, and none of the owner's.

A table of a test may have the name of one of the owner's.
"""

import asyncio
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar

import pytest
from alembic import command
from alembic.script import Script
from sqlalchemy import Connection, MetaData, Row, inspect, text
from sqlalchemy.ext.asyncio import create_async_engine

from {{ package_name }}.core.database import migrations
from {{ package_name }}.core.database.models import Base

from support.database import alembic

FOLDER = Path(migrations.__file__).parents[2] / "migrations" / "versions"
VERSIONS = sorted(FOLDER.glob("????_??_??_000?_*.py"))
"""The migrations that came with the project; the ids of the owner's have twelve digits."""

Result = TypeVar("Result")

MIGRATION = """
import sqlalchemy as sa
from alembic import op

revision = {revision!r}
down_revision = {down_revision!r}
branch_labels = {labels!r}
depends_on = None


def upgrade():
    {upgrade}


def downgrade():
    {downgrade}
"""


def project_metadata() -> MetaData:
    """Return metadata with the tables that came with the project, to which a test adds its own."""
    created = "".join(path.read_text(encoding="utf-8") for path in VERSIONS)
    names = re.findall(r'create_table\(\s*"(\w+)"', created)
    metadata = MetaData(naming_convention=Base.metadata.naming_convention)
    for table in Base.metadata.sorted_tables:
        if table.name in names:
            table.to_metadata(metadata)
    return metadata


class Revisions:
    """The migrations that came with the project, and those that a test adds."""

    def __init__(self, url: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.url = url
        self.folder = folder / "added"
        self.folder.mkdir()
        project = folder / "project"
        project.mkdir()
        for file in VERSIONS:
            shutil.copy(file, project)
        self.monkeypatch = monkeypatch
        self.config = alembic(url)
        self.config.set_main_option("path_separator", "os")
        self.config.set_main_option("version_locations", f"{project}{os.pathsep}{self.folder}")
        self.set_models(project_metadata())

    def set_models(self, metadata: MetaData) -> None:
        """Let autogenerate compare the database with these tables."""
        self.monkeypatch.setattr(migrations, "Base", SimpleNamespace(metadata=metadata))

    def add(
        self,
        upgrade: str,
        downgrade: str = "pass",
        *,
        revision: str = "a001",
        down_revision: str | None = "0001",
        label: str | None = None,
    ) -> None:
        """Add a migration with the given code."""
        code = MIGRATION.format(
            revision=revision,
            down_revision=down_revision,
            labels=label,
            upgrade=upgrade.strip().replace("\n", "\n    "),
            downgrade=downgrade.strip().replace("\n", "\n    "),
        )
        (self.folder / f"{revision}.py").write_text(code)

    def generate(self, metadata: MetaData) -> Script:
        """Upgrade the database, and write a migration for the difference to the given tables."""
        command.upgrade(self.config, "heads")
        return self.write(metadata)

    def write(self, metadata: MetaData) -> Script:
        """Write a migration for the difference between the database and the given tables."""
        self.set_models(metadata)
        script = command.revision(
            self.config,
            "change",
            autogenerate=True,
            head="project@head",
            version_path=str(self.folder),
        )
        assert isinstance(script, Script)
        return script

    def up_down_up(self, down: str = "project@0001") -> None:
        """Run the migrations up, down and up; then the models need no other."""
        command.upgrade(self.config, "heads")
        command.downgrade(self.config, down)
        command.upgrade(self.config, "heads")
        command.check(self.config)

    def run(self, work: Callable[[Connection], Result]) -> Result:
        """Run work in a transaction on the database."""

        async def run() -> Result:
            engine = create_async_engine(self.url)
            try:
                async with engine.begin() as connection:
                    return await connection.run_sync(work)
            finally:
                await engine.dispose()

        return asyncio.run(run())

    def query(self, statement: str) -> list[Row[Any]]:
        """Run a statement and return its rows."""

        def work(connection: Connection) -> list[Row[Any]]:
            result = connection.execute(text(statement))
            return list(result) if result.returns_rows else []

        return self.run(work)

    def tables(self) -> set[str]:
        """Return the names of all tables."""
        return set(self.run(lambda connection: inspect(connection).get_table_names()))
