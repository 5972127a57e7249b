#!/bin/sh
# Creates or upgrades the schema of Temporal's databases. May run any number of times.
set -eu
schemas=/etc/temporal/schema/postgresql/v12

for database in temporal temporal_visibility; do
  case $database in
    temporal) versions=$schemas/temporal/versioned ;;
    *) versions=$schemas/visibility/versioned ;;
  esac
  tool() { temporal-sql-tool --plugin postgres12 --ep postgres --port 5432 --user temporal --db "$database" "$@"; }
  # Fails if the schema exists already.
  tool setup-schema --version 0.0 || true
  tool update-schema --schema-dir "$versions"
done
