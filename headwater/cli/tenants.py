"""`headwater tenants …`."""

from typing import Annotated, Any

import typer

from headwater.cli.list_options import AfterOption, BeforeOption, NameOption, OrderOption
from headwater.cli.output import print_card, print_json, print_table
from headwater.cli.session import JsonOption, session

app = typer.Typer(no_args_is_help=True)

_FIELDS = ("id", "name", "storageUsedBytes", "storageQuotaBytes", "createTime")
_Tenant = Annotated[str, typer.Argument(metavar="ID", help="The tenant's id.")]
_Name = Annotated[str | None, typer.Option("--name", metavar="TEXT", help="For people.")]
_Quota = Annotated[
    int | None,
    typer.Option("--storage-quota", metavar="BYTES", min=0, help="Bytes that its recordings may take up; 0: any."),
]


@app.command()
def create(
    tenant: Annotated[str | None, typer.Argument(metavar="ID", help="Unset: one is drawn.")] = None,
    name: _Name = None,
    storage_quota: _Quota = None,
    as_json: JsonOption = False,
) -> None:
    """Create a tenant.

    HEADWATER_TENANT=<id> lets further commands act in it.
    """
    with session() as client:
        made = client.tenants.create(tenant, **_given(name, storage_quota))
    _show(made, as_json)


@app.command("list")
def list_(
    *,
    name: NameOption = None,
    after: AfterOption = None,
    before: BeforeOption = None,
    order: OrderOption = None,
    as_json: JsonOption = False,
) -> None:
    """List tenants."""
    with session() as client:
        found = list(client.tenants.list(name=name, after=after, before=before, orderBy=order))
    if as_json:
        print_json({"tenants": found})
    else:
        print_table(_FIELDS, [[one.get(field) for field in _FIELDS] for one in found])


@app.command()
def get(tenant: _Tenant, as_json: JsonOption = False) -> None:
    """Show a tenant."""
    with session() as client:
        found = client.tenants.get(tenant)
    _show(found, as_json)


@app.command()
def update(tenant: _Tenant, name: _Name = None, storage_quota: _Quota = None, as_json: JsonOption = False) -> None:
    """Change a tenant's name or quota."""
    fields = _given(name, storage_quota)
    if not fields:
        raise typer.BadParameter("nothing to change; --help lists what can be")
    with session() as client:
        changed = client.tenants.update(tenant, **fields)
    _show(changed, as_json)


@app.command()
def delete(tenant: _Tenant, as_json: JsonOption = False) -> None:
    """Delete an empty tenant, with its tokens and apps."""
    with session() as client:
        client.tenants.delete(tenant)
    if as_json:
        print_json({})
    else:
        print(f"deleted {tenant}")


def _given(name: str | None, storage_quota: int | None) -> dict[str, Any]:
    quota = None if storage_quota is None else str(storage_quota)
    fields = {"name": name, "storageQuotaBytes": quota}
    return {field: value for field, value in fields.items() if value is not None}


def _show(tenant: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(tenant)
    else:
        print_card({field: tenant.get(field) for field in _FIELDS})
