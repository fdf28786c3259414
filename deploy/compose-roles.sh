#!/bin/sh
# PostgreSQL's image runs this once, on an empty volume: the app's roles, none of them a superuser.
set -eu
psql -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d "$POSTGRES_DB" -v database="$POSTGRES_DB" \
    -f "${ROLES_SQL:-/etc/payments/roles.sql}"
psql -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d "$POSTGRES_DB" \
    -v owner="$OWNER_PASSWORD" -v app="$APP_PASSWORD" <<'SQL'
ALTER ROLE payments_owner PASSWORD :'owner';
ALTER ROLE payments_app PASSWORD :'app';
SQL
