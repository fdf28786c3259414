-- Roles: `payments_owner` migrates and owns the tables; `payments_app` reads and writes rows, and
-- can neither change a table nor empty one. As a superuser, for each database and again whenever you
-- like:
--
--   psql -v database=payments -f deploy/roles.sql
--
-- Passwords are set apart: ALTER ROLE payments_app PASSWORD '...'. Deployments migrate with
-- payments_owner in DATABASE_URL; every process runs with payments_app.
\set ON_ERROR_STOP on

SELECT format('CREATE ROLE %I', name) FROM unnest(ARRAY['payments_owner', 'payments_app']) AS name
    WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec
ALTER ROLE payments_owner LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE;
ALTER ROLE payments_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE CONNECTION LIMIT 180;

ALTER DATABASE :"database" OWNER TO payments_owner;
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"database" TO payments_app;

\connect :"database"
ALTER SCHEMA public OWNER TO payments_owner;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO payments_app;
-- What is there already, and what later migrations add.
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO payments_app;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO payments_app;
ALTER DEFAULT PRIVILEGES FOR ROLE payments_owner IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO payments_app;
ALTER DEFAULT PRIVILEGES FOR ROLE payments_owner IN SCHEMA public
    GRANT USAGE, SELECT ON SEQUENCES TO payments_app;

-- A request that waits longer has lost its visitor; the app sets the same for itself.
ALTER ROLE payments_app SET statement_timeout = '15s';
ALTER ROLE payments_app SET lock_timeout = '5s';
ALTER ROLE payments_app SET idle_in_transaction_session_timeout = '30s';
ALTER ROLE payments_app SET timezone = 'UTC';
