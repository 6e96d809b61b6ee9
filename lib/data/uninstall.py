"""Takes Dailies out of a database again: what that means, in the order in which it is done."""

from __future__ import annotations

from typing import NamedTuple

from lib.data.migrations import run_patiently
from lib.data.postgres import PostgresDatabase

# Triggers and indexes on the app's table first, then nothing of ours is called any more.
_STEPS = """
select 'trigger ' || t.tgname || ' on ' || t.tgrelid::regclass,
       format('drop trigger if exists %I on %s', t.tgname, t.tgrelid::regclass)
from pg_catalog.pg_trigger t
where t.tgname in ('dailies_mark_new', 'dailies_mark_changed', 'dailies_forget', 'dailies_forget_all')
    and t.tgparentid = 0
union all
select 'index ' || i.oid::regclass, format('drop index %sif exists %s',
       case i.relkind when 'I' then '' else 'concurrently ' end, i.oid::regclass)
from pg_catalog.pg_class i
where i.relname like 'dailies\\_videos\\_%' and i.relkind in ('i', 'I') and not i.relispartition
union all
select 'function ' || p.oid::regprocedure, format('drop function if exists %s cascade', p.oid::regprocedure)
from pg_catalog.pg_proc p
where p.pronamespace = 'public'::regnamespace and p.proname like 'dailies\\_%'
"""
_QUEUE = "select pgmq.drop_queue('dailies')"
_FUNCTIONS = """
select 'function ' || p.oid::regprocedure, format('drop function if exists %s cascade', p.oid::regprocedure)
from pg_catalog.pg_proc p where p.pronamespace = to_regnamespace('dailies')
"""


class Removal(NamedTuple):
    what: str
    statement: str


def removals(database: PostgresDatabase, *, keep_history: bool) -> list[Removal]:
    """What is taken away, in order. With `keep_history` the tables of the schema `dailies` stay: attempts,
    audit, tasks, logs, verdicts and the mapping, from which a later `migrate` goes on."""
    with database.transaction("uninstall") as connection:
        found = [Removal(*row) for row in connection.execute(_STEPS)]
        queue = connection.execute("select to_regclass('pgmq.q_dailies') is not null").fetchone()
        schema = connection.execute("select to_regnamespace('dailies') is not null").fetchone()
        own = [Removal(*row) for row in connection.execute(_FUNCTIONS)] if keep_history else []
    if queue and queue[0]:
        view = "drop view if exists dailies.jobs_in_hand"
        found += [Removal("the view of jobs in hand", view), Removal("queue dailies", _QUEUE)]
    if schema and schema[0] and keep_history:
        found += [*own, Removal("record of migrations", "drop table if exists dailies.migrations")]
    elif schema and schema[0]:
        found.append(Removal("schema dailies, with all it holds", "drop schema dailies cascade"))
    return found


def uninstall(database: PostgresDatabase, *, keep_history: bool) -> None:
    """Takes it away; killed half-way, it goes on. The app's table keeps its rows and columns."""
    for removal in removals(database, keep_history=keep_history):
        run_patiently(database, removal.what, removal.statement)
