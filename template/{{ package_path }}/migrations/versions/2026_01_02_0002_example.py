"""Example: users, posts, accounts and transfers. A branch of its own, so that it can be removed."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = None
branch_labels: Sequence[str] | None = ("example",)
depends_on: Sequence[str] | None = None

BIG_INT_PK = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def entity() -> tuple[sa.Column[int], sa.Column[object]]:
    """Return the columns of every table."""
    return (
        sa.Column("id", BIG_INT_PK, nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False
        ),
    )


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "users",
        *entity(),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("email", name="uq_users_email"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "posts",
        *entity(),
        sa.Column("author_id", BIG_INT_PK, nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("body", sa.String(10_000), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_posts"),
        sa.ForeignKeyConstraint(
            ["author_id"], ["users.id"], name="fk_posts_author_id", ondelete="CASCADE"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_posts_author_id", "posts", ["author_id"])
    op.create_table(
        "accounts",
        *entity(),
        sa.Column("owner_id", BIG_INT_PK, nullable=False),
        sa.Column("balance", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_accounts"),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["users.id"], name="fk_accounts_owner_id", ondelete="RESTRICT"
        ),
        sa.CheckConstraint("balance >= 0", name=op.f("ck_accounts_balance")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_accounts_owner_id", "accounts", ["owner_id"])
    op.create_table(
        "transfers",
        *entity(),
        sa.Column("source_id", BIG_INT_PK, nullable=False),
        sa.Column("target_id", BIG_INT_PK, nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_transfers"),
        sa.UniqueConstraint("source_id", "key", name="uq_transfers_source_id_key"),
        sa.ForeignKeyConstraint(["source_id"], ["accounts.id"], name="fk_transfers_source_id"),
        sa.ForeignKeyConstraint(["target_id"], ["accounts.id"], name="fk_transfers_target_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_transfers_target_id", "transfers", ["target_id"])


def downgrade() -> None:
    """Drop the tables."""
    for table in ("transfers", "accounts", "posts", "users"):
        op.drop_table(table)
