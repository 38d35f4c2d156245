"""Note which platform process holds a session, and when each process was last alive."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "platforms",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("heartbeat", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_platforms"),
    )
    op.add_column("sessions", sa.Column("platform_id", sa.String(length=64), nullable=True))


def downgrade() -> None:
    op.drop_column("sessions", "platform_id")
    op.drop_table("platforms")
