"""Make the tables of the first version."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_accounts"),
        sa.UniqueConstraint("id", name="uq_accounts_id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "settings",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("key", name="pk_settings"),
    )
    op.create_table(
        "api_keys",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("installation_id", sa.String(length=64), nullable=True),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("revoked", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_api_keys_account_id"),
        sa.PrimaryKeyConstraint("id", name="pk_api_keys"),
    )
    op.create_table(
        "extensions",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("type", sa.String(length=16), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("icon", sa.Text(), nullable=True),
        sa.Column("package_id", sa.Text(), nullable=True),
        sa.Column("hub_id", sa.String(length=64), nullable=True),
        sa.Column("hub_name", sa.Text(), nullable=True),
        sa.Column("extension_id", sa.String(length=64), nullable=False),
        sa.Column("owner_id", sa.String(length=64), nullable=False),
        sa.Column("overview", sa.Text(), nullable=True),
        sa.Column("short_description", sa.Text(), nullable=True),
        sa.Column("website", sa.Text(), nullable=True),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["accounts.id"], name="fk_extensions_owner_id"),
        sa.PrimaryKeyConstraint("number", name="pk_extensions"),
        sa.UniqueConstraint("extension_id", name="uq_extensions_extension_id"),
        sa.UniqueConstraint("id", name="uq_extensions_id"),
        sa.UniqueConstraint("package_id", name="uq_extensions_package_id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "environments",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("extension_id", sa.String(length=64), nullable=False),
        sa.Column("type", sa.String(length=16), nullable=False),
        sa.Column("external_id", sa.String(length=36), nullable=False),
        sa.Column("runtime", sa.String(length=8), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("jwt_secret", sa.Text(), nullable=False),
        sa.Column("git_url", sa.Text(), nullable=True),
        sa.Column("git_tag", sa.Text(), nullable=True),
        sa.Column("git_commit", sa.Text(), nullable=True),
        sa.Column("git_username", sa.Text(), nullable=True),
        sa.Column("git_password", sa.Text(), nullable=True),
        sa.Column("log_level", sa.String(length=8), nullable=False),
        sa.Column("runner_log_level", sa.String(length=8), nullable=False),
        sa.Column("error_output", sa.Text(), nullable=True),
        sa.Column("configuration_changed", sa.Boolean(), nullable=False),
        sa.Column("declared", sa.Text(), nullable=False),
        sa.Column("schedule_counter", sa.Integer(), nullable=False),
        sa.Column("instance_counter", sa.Integer(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["extension_id"], ["extensions.id"], name="fk_environments_extension_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("number", name="pk_environments"),
        sa.UniqueConstraint("external_id", name="uq_environments_external_id"),
        sa.UniqueConstraint("id", name="uq_environments_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_environments_extension_id", "environments", ["extension_id"], unique=False)
    op.create_table(
        "extension_products",
        sa.Column("extension_id", sa.String(length=64), nullable=False),
        sa.Column("product_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["extension_id"], ["extensions.id"], name="fk_extension_products_extension_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("extension_id", "product_id", name="pk_extension_products"),
    )
    op.create_table(
        "installations",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("environment_id", sa.String(length=64), nullable=False),
        sa.Column("extension_id", sa.String(length=64), nullable=False),
        sa.Column("owner_id", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("settings", sa.Text(), nullable=True),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("api_key", sa.Text(), nullable=False),
        sa.Column("installed", sa.BigInteger(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=False),
        sa.Column("uninstalled", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["environment_id"], ["environments.id"], name="fk_installations_environment_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["accounts.id"], name="fk_installations_owner_id"),
        sa.PrimaryKeyConstraint("number", name="pk_installations"),
        sa.UniqueConstraint("id", name="uq_installations_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_installations_environment_id", "installations", ["environment_id"], unique=False)
    op.create_table(
        "instances",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("environment_id", sa.String(length=64), nullable=False),
        sa.Column("container_id", sa.String(length=256), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["environment_id"], ["environments.id"], name="fk_instances_environment_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_instances"),
        sa.UniqueConstraint("environment_id", "container_id", name="uq_instances_environment_id_container_id"),
    )
    op.create_table(
        "schedules",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("environment_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("parameter", sa.Text(), nullable=True),
        sa.Column("trigger_type", sa.String(length=16), nullable=False),
        sa.Column("trigger", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=False),
        sa.Column("last_triggered", sa.BigInteger(), nullable=True),
        sa.Column("next_trigger", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["environment_id"], ["environments.id"], name="fk_schedules_environment_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("number", name="pk_schedules"),
        sa.UniqueConstraint("id", name="uq_schedules_id"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_schedules_due",
        "schedules",
        ["next_trigger"],
        unique=False,
        sqlite_where=sa.text("status IN ('enabled', 'pending')"),
        postgresql_where=sa.text("status IN ('enabled', 'pending')"),
    )
    op.create_index("ix_schedules_environment_id", "schedules", ["environment_id"], unique=False)
    op.create_table(
        "sessions",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("environment_id", sa.String(length=64), nullable=False),
        sa.Column("instance_id", sa.String(length=64), nullable=False),
        sa.Column("container_id", sa.String(length=256), nullable=False),
        sa.Column("application", sa.String(length=16), nullable=False),
        sa.Column("opened", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["environment_id"], ["environments.id"], name="fk_sessions_environment_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
    )
    op.create_index("ix_sessions_environment_id", "sessions", ["environment_id"], unique=False)
    op.create_table(
        "subscriptions",
        sa.Column("event_type", sa.String(length=128), nullable=False),
        sa.Column("environment_id", sa.String(length=64), nullable=False),
        sa.Column("statuses", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["environment_id"], ["environments.id"], name="fk_subscriptions_environment_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("event_type", "environment_id", name="pk_subscriptions"),
    )
    op.create_table(
        "tasks",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("environment_id", sa.String(length=64), nullable=False),
        sa.Column("category", sa.String(length=16), nullable=False),
        sa.Column("event_type", sa.String(length=128), nullable=False),
        sa.Column("object_id", sa.String(length=256), nullable=False),
        sa.Column("installation_id", sa.String(length=64), nullable=False),
        sa.Column("data", sa.Text(), nullable=True),
        sa.Column("trace", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=True),
        sa.Column("assignee", sa.String(length=64), nullable=True),
        sa.Column("output", sa.Text(), nullable=True),
        sa.Column("retry_count", sa.Integer(), nullable=False),
        sa.Column("retries_used", sa.Integer(), nullable=False),
        sa.Column("rescheduled_count", sa.Integer(), nullable=False),
        sa.Column("attempt_count", sa.Integer(), nullable=False),
        sa.Column("runtime_total", sa.Float(), nullable=False),
        sa.Column("processing_total", sa.Float(), nullable=False),
        sa.Column("lease_id", sa.String(length=32), nullable=True),
        sa.Column("session_id", sa.String(length=64), nullable=True),
        sa.Column("expires", sa.BigInteger(), nullable=True),
        sa.Column("orphaned", sa.Boolean(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=False),
        sa.Column("assigned", sa.BigInteger(), nullable=True),
        sa.Column("completed", sa.BigInteger(), nullable=True),
        sa.Column("rescheduled", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["environment_id"], ["environments.id"], name="fk_tasks_environment_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("number", name="pk_tasks"),
        sa.UniqueConstraint("id", name="uq_tasks_id"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_tasks_busy",
        "tasks",
        ["environment_id", "event_type", "object_id"],
        unique=False,
        sqlite_where=sa.text("status = 'processing'"),
        postgresql_where=sa.text("status = 'processing'"),
    )
    op.create_index(
        "ix_tasks_claim",
        "tasks",
        ["environment_id", "category", "due", "number"],
        unique=False,
        sqlite_where=sa.text("status IN ('scheduled', 'rescheduled', 'retrying')"),
        postgresql_where=sa.text("status IN ('scheduled', 'rescheduled', 'retrying')"),
    )
    op.create_index(
        "ix_tasks_due",
        "tasks",
        ["due"],
        unique=False,
        sqlite_where=sa.text("status IN ('scheduled', 'rescheduled', 'retrying')"),
        postgresql_where=sa.text("status IN ('scheduled', 'rescheduled', 'retrying')"),
    )
    op.create_index("ix_tasks_environment", "tasks", ["environment_id", "number"], unique=False)
    op.create_index("ix_tasks_environment_status", "tasks", ["environment_id", "status", "number"], unique=False)
    op.create_index(
        "ix_tasks_expires",
        "tasks",
        ["expires"],
        unique=False,
        sqlite_where=sa.text("status = 'processing'"),
        postgresql_where=sa.text("status = 'processing'"),
    )
    op.create_index(
        "ix_tasks_session",
        "tasks",
        ["session_id"],
        unique=False,
        sqlite_where=sa.text("status = 'processing'"),
        postgresql_where=sa.text("status = 'processing'"),
    )
    op.create_index(
        "uq_tasks_waiting",
        "tasks",
        ["environment_id", "event_type", "object_id", "installation_id"],
        unique=True,
        sqlite_where=sa.text("status IN ('scheduled', 'rescheduled', 'retrying') AND category <> 'interactive'"),
        postgresql_where=sa.text("status IN ('scheduled', 'rescheduled', 'retrying') AND category <> 'interactive'"),
    )
    op.create_table(
        "variables",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("environment_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=256), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("secure", sa.Boolean(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["environment_id"], ["environments.id"], name="fk_variables_environment_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("number", name="pk_variables"),
        sa.UniqueConstraint("environment_id", "name", name="uq_variables_environment_id_name"),
        sa.UniqueConstraint("id", name="uq_variables_id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "attempts",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("task_number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("lease_id", sa.String(length=32), nullable=False),
        sa.Column("session_id", sa.String(length=64), nullable=False),
        sa.Column("instance_id", sa.String(length=64), nullable=True),
        sa.Column("leased", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.Column("ended", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("countdown", sa.Integer(), nullable=True),
        sa.Column("runtime", sa.Float(), nullable=True),
        sa.Column("next", sa.BigInteger(), nullable=True),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("late_count", sa.Integer(), nullable=False),
        sa.Column("late_result", sa.String(length=16), nullable=True),
        sa.Column("late_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["task_number"], ["tasks.number"], name="fk_attempts_task_number", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("number", name="pk_attempts"),
        sa.UniqueConstraint("lease_id", name="uq_attempts_lease_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_attempts_task_number", "attempts", ["task_number"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_attempts_task_number", table_name="attempts")
    op.drop_table("attempts")
    op.drop_table("variables")
    op.drop_index(
        "uq_tasks_waiting",
        table_name="tasks",
        sqlite_where=sa.text("status IN ('scheduled', 'rescheduled', 'retrying') AND category <> 'interactive'"),
        postgresql_where=sa.text("status IN ('scheduled', 'rescheduled', 'retrying') AND category <> 'interactive'"),
    )
    op.drop_index(
        "ix_tasks_session",
        table_name="tasks",
        sqlite_where=sa.text("status = 'processing'"),
        postgresql_where=sa.text("status = 'processing'"),
    )
    op.drop_index(
        "ix_tasks_expires",
        table_name="tasks",
        sqlite_where=sa.text("status = 'processing'"),
        postgresql_where=sa.text("status = 'processing'"),
    )
    op.drop_index("ix_tasks_environment_status", table_name="tasks")
    op.drop_index("ix_tasks_environment", table_name="tasks")
    op.drop_index(
        "ix_tasks_due",
        table_name="tasks",
        sqlite_where=sa.text("status IN ('scheduled', 'rescheduled', 'retrying')"),
        postgresql_where=sa.text("status IN ('scheduled', 'rescheduled', 'retrying')"),
    )
    op.drop_index(
        "ix_tasks_claim",
        table_name="tasks",
        sqlite_where=sa.text("status IN ('scheduled', 'rescheduled', 'retrying')"),
        postgresql_where=sa.text("status IN ('scheduled', 'rescheduled', 'retrying')"),
    )
    op.drop_index(
        "ix_tasks_busy",
        table_name="tasks",
        sqlite_where=sa.text("status = 'processing'"),
        postgresql_where=sa.text("status = 'processing'"),
    )
    op.drop_table("tasks")
    op.drop_table("subscriptions")
    op.drop_index("ix_sessions_environment_id", table_name="sessions")
    op.drop_table("sessions")
    op.drop_index("ix_schedules_environment_id", table_name="schedules")
    op.drop_index(
        "ix_schedules_due",
        table_name="schedules",
        sqlite_where=sa.text("status IN ('enabled', 'pending')"),
        postgresql_where=sa.text("status IN ('enabled', 'pending')"),
    )
    op.drop_table("schedules")
    op.drop_table("instances")
    op.drop_index("ix_installations_environment_id", table_name="installations")
    op.drop_table("installations")
    op.drop_table("extension_products")
    op.drop_index("ix_environments_extension_id", table_name="environments")
    op.drop_table("environments")
    op.drop_table("extensions")
    op.drop_table("api_keys")
    op.drop_table("settings")
    op.drop_table("accounts")
