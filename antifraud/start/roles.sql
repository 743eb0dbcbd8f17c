-- The two roles of the platform, for a superuser, in template1 and again in a database made before it: idempotent.
-- The owner owns and migrates; the application role reads and writes rows. Neither is above row-level security.
-- Default privileges are kept per database: those of template1 are copied into each new one (test databases too).
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'antifraud_owner') THEN
    CREATE ROLE antifraud_owner;
  END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'antifraud_app') THEN
    CREATE ROLE antifraud_app;
  END IF;
END
$$;
ALTER ROLE antifraud_owner WITH LOGIN CREATEDB NOSUPERUSER NOCREATEROLE NOREPLICATION NOBYPASSRLS;
ALTER ROLE antifraud_app WITH LOGIN NOCREATEDB NOSUPERUSER NOCREATEROLE NOREPLICATION NOBYPASSRLS;
ALTER DEFAULT PRIVILEGES FOR ROLE antifraud_owner
  GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO antifraud_app;
ALTER DEFAULT PRIVILEGES FOR ROLE antifraud_owner
  GRANT USAGE, SELECT, UPDATE ON SEQUENCES TO antifraud_app;
ALTER DEFAULT PRIVILEGES FOR ROLE antifraud_owner
  GRANT EXECUTE ON FUNCTIONS TO antifraud_app;
