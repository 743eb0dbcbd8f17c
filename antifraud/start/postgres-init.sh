#!/bin/sh
# Runs once in the PostgreSQL container, when its data folder is new: the roles, their passwords, the database.
set -e
psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname template1 --quiet --file /roles.sql
psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres --quiet <<'SQL'
\set owner `cat /run/secrets/owner_password`
\set app `cat /run/secrets/app_password`
ALTER ROLE antifraud_owner PASSWORD :'owner';
ALTER ROLE antifraud_app PASSWORD :'app';
CREATE DATABASE antifraud OWNER antifraud_owner;
REVOKE ALL ON DATABASE antifraud FROM PUBLIC;
GRANT CONNECT ON DATABASE antifraud TO antifraud_app;
SQL
