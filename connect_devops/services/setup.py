"""The two halves of a handshake that touch variables: what a runner gets, and what it declares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import insert, select

from connect_devops.domain.variable import check_name, check_value
from connect_devops.services.context import Context
from connect_devops.services.environment import Environment
from connect_devops.storage.store import Transaction
from connect_devops.storage.tables import accounts, extension_products, extensions, variables
from connect_eaas.events import CATALOGUE
from connect_eaas.protocol.messages import EventDefinition, Logging, LogMeta, SetupResponse, Variable

__all__ = ["configuration_of", "create_missing_variables"]

_DEFINITIONS: Final = [
    EventDefinition(
        event_type=event.type,
        api_resource_endpoint=event.resource,
        api_collection_endpoint=event.collection,
        api_collection_filter=event.filter,
    )
    for event in CATALOGUE.values()
    if event.resource is not None and event.collection is not None and event.filter is not None
]


def configuration_of(context: Context, transaction: Transaction, environment: Environment) -> SetupResponse:
    """The configuration that a runner of the environment gets; secured variables are in clear."""
    connection = transaction.connection
    rows = connection.execute(
        select(variables).where(variables.c.environment_id == environment.id).order_by(variables.c.name)
    ).mappings()
    clear = [
        Variable(
            name=row["name"],
            value=context.secrets.decrypt(row["value"]) if row["secure"] else row["value"],
            secure=row["secure"],
        )
        for row in rows
    ]
    owner = connection.execute(select(accounts).where(accounts.c.id == environment.owner_id)).mappings().one()
    hub_id = connection.execute(
        select(extensions.c.hub_id).where(extensions.c.id == environment.extension_id)
    ).scalar_one()
    products = connection.execute(
        select(extension_products.c.product_id)
        .where(extension_products.c.extension_id == environment.extension_id)
        .order_by(extension_products.c.position)
    ).scalars()
    meta = LogMeta(
        service_id=environment.extension_id,
        account_id=owner["id"],
        account_name=owner["name"],
        repository_tag=None if environment.git is None else environment.git.tag,
        products=list(products) or None,
        hub_id=hub_id,
    )
    return SetupResponse(
        variables=clear,
        environment_type=environment.type,
        logging=Logging(log_level=environment.log_level, runner_log_level=environment.runner_log_level, meta=meta),
        event_definitions=_DEFINITIONS,
        environment_runtime=environment.runtime,
        environment_hostname=environment.hostname,
        environment_domain=environment.domain,
    )


def create_missing_variables(
    context: Context, transaction: Transaction, environment_id: str, declared: Sequence[Mapping[str, Any]]
) -> None:
    """Make the variables that an extension declares and that do not exist, with their initial values.

    Declarations that break the rules of variables are left out: the runner's own validation reports them.
    """
    known = set(
        transaction.connection.execute(
            select(variables.c.name).where(variables.c.environment_id == environment_id)
        ).scalars()
    )
    now = context.clock.now()
    for item in declared:
        name, value = item.get("name"), item.get("initial_value")
        value = "" if value is None else str(value)
        secure = bool(item.get("secure"))
        # An empty value cannot be typed in, but a declaration without one must still be seen by people.
        if name in known or check_name(name) or (value and check_value(value)):
            continue
        known.add(str(name))
        transaction.connection.execute(
            insert(variables).values(
                id=context.new_id(transaction, context.ids.variable, variables.c.id),
                environment_id=environment_id,
                name=name,
                value=context.secrets.encrypt(value) if secure else value,
                secure=secure,
                created=now,
                updated=now,
            )
        )
