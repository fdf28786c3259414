"""Saved filters

Revision: 0104, after 0103
"""

import sqlalchemy as sa
from alembic import op
from payments_app.core.db import columns

revision = '0104'
down_revision = '0103'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('saved_filters',
    sa.Column('id', columns.BIGINT, sa.Identity(always=False), nullable=False),
    sa.Column('staff_id', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('query', sa.String(length=1000), nullable=False),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_saved_filters_staff_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_saved_filters')),
    sa.UniqueConstraint('staff_id', 'name', name=op.f('uq_saved_filters_staff_id_name'))
    )


def downgrade() -> None:
    op.drop_table('saved_filters')
