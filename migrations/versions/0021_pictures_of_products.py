"""Pictures of products.

Revision: 0021, after 0020. The release before shows none.
"""

import sqlalchemy as sa
from alembic import op

from payments_app.core.db import columns

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pay_product_pictures",
        sa.Column("product_id", columns.BIGINT, nullable=False),
        sa.Column("type", sa.String(length=8), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "type IN ('svg', 'png', 'jpeg', 'webp')", name=op.f("pay_product_pictures_type_check")
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["pay_products.id"], name=op.f("pay_product_pictures_product_id_fkey")
        ),
        sa.PrimaryKeyConstraint("product_id", name=op.f("pay_product_pictures_pkey")),
    )
    op.create_index("pay_product_pictures_sha256_idx", "pay_product_pictures", ["sha256"])


def downgrade() -> None:
    op.drop_table("pay_product_pictures")
