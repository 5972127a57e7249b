-- Roles and databases of docker-compose.yml, made when Postgres starts for the first time. Neither role
-- is a superuser, and each owns its databases only.
\getenv signpost_password SIGNPOST_DATABASE_PASSWORD
\getenv temporal_password TEMPORAL_DATABASE_PASSWORD

create role signpost login nosuperuser nocreatedb nocreaterole password :'signpost_password';
create database signpost owner signpost;
revoke all on database signpost from public;

create role temporal login nosuperuser nocreatedb nocreaterole password :'temporal_password';
create database temporal owner temporal;
create database temporal_visibility owner temporal;
revoke all on database temporal from public;
revoke all on database temporal_visibility from public;
