"""Sign-in links that work once, the sessions of buyers and merchants, and
staff's second factor.

Revision: 0005, after 0004
"""

import sqlalchemy as sa
from alembic import op

from payments_app.core.db import clock, columns

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pay_one_time_links",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.String(length=40), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("to", sa.String(length=500), nullable=False),
        _now("created_at"),
        sa.Column("expires_at", columns.UTCDateTime(), nullable=False),
        sa.Column("used_at", columns.UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pay_one_time_links_pkey")),
    )
    _index("pay_one_time_links", "subject")
    _index("pay_one_time_links", "expires_at")
    op.create_table(
        "pay_link_requests",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("to", sa.String(length=500), nullable=False),
        _now("created_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pay_link_requests_pkey")),
    )
    _index("pay_link_requests", "created_at")
    op.create_table(
        "pay_visitor_sessions",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("audience", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.String(length=40), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("browser", sa.String(length=80), nullable=False),
        _now("created_at"),
        _now("seen_at"),
        sa.Column("expires_at", columns.UTCDateTime(), nullable=False),
        sa.Column("ended_at", columns.UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pay_visitor_sessions_pkey")),
        sa.UniqueConstraint("token_hash", name=op.f("pay_visitor_sessions_token_hash_key")),
    )
    _index("pay_visitor_sessions", "subject")
    _index("pay_visitor_sessions", "expires_at")
    for table in ("pay_staff_browsers", "pay_staff_second_factors", "pay_staff_recovery_codes"):
        _create_of_staff(table)
    op.add_column(
        "pay_staff_sessions",
        sa.Column("code_pending", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.add_column("pay_mails", sa.Column("link", columns.JSON_TYPE, nullable=True))


def _create_of_staff(table: str) -> None:
    own: dict[str, tuple[str, list[sa.Column[object]]]] = {
        "pay_staff_browsers": (
            "token_hash",
            [sa.Column("token_hash", sa.String(length=64), nullable=False), _now("seen_at")],
        ),
        "pay_staff_second_factors": (
            "staff_id",
            [
                sa.Column("secret", sa.Text(), nullable=False),
                sa.Column("last_step", columns.BIGINT, nullable=False),
                _now("created_at"),
                sa.Column("confirmed_at", columns.UTCDateTime(), nullable=True),
            ],
        ),
        "pay_staff_recovery_codes": (
            "code_hash",
            [
                sa.Column("code_hash", sa.String(length=64), nullable=False),
                _now("created_at"),
                sa.Column("used_at", columns.UTCDateTime(), nullable=True),
            ],
        ),
    }
    key, more = own[table]
    op.create_table(
        table,
        sa.Column("staff_id", sa.String(length=40), nullable=False),
        *more,
        sa.PrimaryKeyConstraint(key, name=op.f(f"{table}_pkey")),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["pay_staff.id"], name=op.f(f"{table}_staff_id_fkey")
        ),
    )
    if key != "staff_id":
        _index(table, "staff_id")


def _now(name: str) -> sa.Column[object]:
    return sa.Column(
        name, columns.UTCDateTime(), server_default=clock.database_now(), nullable=False
    )


def _index(table: str, column: str) -> None:
    op.create_index(op.f(f"{table}_{column}_idx"), table, [column])


def downgrade() -> None:
    op.drop_column("pay_mails", "link")
    op.drop_column("pay_staff_sessions", "code_pending")
    for table in (
        "pay_staff_recovery_codes",
        "pay_staff_second_factors",
        "pay_staff_browsers",
        "pay_visitor_sessions", "pay_link_requests", "pay_one_time_links"):
        op.drop_table(table)
