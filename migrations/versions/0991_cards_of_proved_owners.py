"""Cards that were kept before it was asked whose they are

Apart from 0990, so that no table is locked while the payments are read.

Revision: 0991, after 0990
"""

from alembic import op

revision = "0991"
down_revision = "0990"
branch_labels = None
depends_on = None

# Until now whoever typed an address had a card kept in its account. Its owner's for certain are
# those that a browser which was known to be theirs has paid with since.
PROVED = """
UPDATE saved_cards SET joined_at = created_at
WHERE joined_at IS NULL AND EXISTS (
    SELECT 1 FROM transactions
    WHERE transactions.payment_method = saved_cards.payment_method
    AND transactions.stripe_customer_id = saved_cards.stripe_customer_id
    AND NOT transactions.save_card AND NOT transactions.off_session
)
"""
NO_DEFAULT = """
UPDATE customers SET default_payment_method_id = NULL
WHERE default_payment_method_id IN (
    SELECT payment_method FROM saved_cards WHERE joined_at IS NULL
)
"""


def upgrade() -> None:
    op.execute(PROVED)
    op.execute(NO_DEFAULT)


def downgrade() -> None:
    """Nothing: which card was a default is not known any more."""
