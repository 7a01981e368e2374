"""The registry's database: tables, migrations, SQLite and PostgreSQL."""
