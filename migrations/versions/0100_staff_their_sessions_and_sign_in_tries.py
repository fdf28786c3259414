"""Staff, their sessions and sign-in tries

Revision: 0100, after 0300
"""

import sqlalchemy as sa
from alembic import op

from payments_app.core.db import clock, columns

revision = '0100'
down_revision = '0300'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('sign_in_tries',
    sa.Column('account', sa.String(length=64), nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('since', columns.UTCDateTime(), server_default=clock.database_now(), nullable=False),
    sa.PrimaryKeyConstraint('account', name=op.f('pk_sign_in_tries'))
    )
    op.create_table('staff',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('email', sa.String(length=254), nullable=False),
    sa.Column('password_hash', sa.Text(), nullable=False),
    sa.Column('role', sa.String(length=16), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('session_version', sa.Integer(), nullable=False),
    sa.Column('created_at', columns.UTCDateTime(), server_default=clock.database_now(), nullable=False),
    sa.CheckConstraint("role IN ('viewer', 'support', 'refunder', 'exporter', 'admin')", name=op.f('ck_staff_role')),
    sa.CheckConstraint('lower(email) = email', name=op.f('ck_staff_email_lower')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_staff')),
    sa.UniqueConstraint('email', name=op.f('uq_staff_email'))
    )
    op.create_table('staff_sessions',
    sa.Column('token_hash', sa.String(length=64), nullable=False),
    sa.Column('staff_id', sa.String(length=40), nullable=False),
    sa.Column('session_version', sa.Integer(), nullable=False),
    sa.Column('created_at', columns.UTCDateTime(), server_default=clock.database_now(), nullable=False),
    sa.Column('seen_at', columns.UTCDateTime(), server_default=clock.database_now(), nullable=False),
    sa.Column('confirmed_at', columns.UTCDateTime(), server_default=clock.database_now(), nullable=False),
    sa.Column('ended_at', columns.UTCDateTime(), nullable=True),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_staff_sessions_staff_id')),
    sa.PrimaryKeyConstraint('token_hash', name=op.f('pk_staff_sessions'))
    )
    with op.batch_alter_table('staff_sessions', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_staff_sessions_staff_id'), ['staff_id'], unique=False)



def downgrade() -> None:
    with op.batch_alter_table('staff_sessions', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_staff_sessions_staff_id'))

    op.drop_table('staff_sessions')
    op.drop_table('staff')
    op.drop_table('sign_in_tries')
