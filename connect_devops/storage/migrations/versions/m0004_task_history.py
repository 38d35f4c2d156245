"""Make the tables of the API calls that handlers made, and of objects as they were when their tasks were made."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "task_calls",
        sa.Column("number", number, autoincrement=True, nullable=False),
        sa.Column("task_number", number, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("method", sa.String(length=16), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("duration", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["task_number"], ["tasks.number"], name="fk_task_calls_task_number", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("number", name="pk_task_calls"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_task_calls_task", "task_calls", ["task_number", "number"])
    op.create_table(
        "task_objects",
        sa.Column("task_number", number, autoincrement=False, nullable=False),
        sa.Column("collection", sa.String(length=64), nullable=False),
        sa.Column("doc", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["task_number"], ["tasks.number"], name="fk_task_objects_task_number", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("task_number", name="pk_task_objects"),
    )


def downgrade() -> None:
    op.drop_table("task_objects")
    op.drop_table("task_calls")
