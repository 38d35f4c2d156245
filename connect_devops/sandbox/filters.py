"""What each list can be filtered, ordered and searched by.

From ``reference/devops-api.md`` section 8; the notation is that of ``connect_devops.rql.document_fields``. Properties
that the documents spell differently have the place after ``=``.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

from connect_devops.rql import Field
from connect_devops.sandbox import kinds as k
from connect_devops.storage.objects import fields_of

__all__ = ["HUB_CONNECTIONS", "VERSIONS", "fields_for"]

HUB_CONNECTIONS: Final = "hubs/connections"
VERSIONS: Final = "tier/accounts/versions"

_DECLARATIONS: Final[Mapping[str, str]] = {
    k.ASSET_REQUESTS.collection: """
        type:str?^ asset.account_id=asset.tiers.customer.id:eq asset.connection.environment:eq,in
        asset.connection.hub.id:str? asset.connection.hub.name:str^ asset.connection.id:str?
        asset.connection.provider.id:eq,ilike,in asset.connection.provider.name:eq,ilike
        asset.connection.type:eq,in asset.connection.vendor.id:eq,ilike,in asset.connection.vendor.name:eq,ilike
        asset.contract.id:str? asset.external.id=asset.external_id:str? asset.external_id:str?
        asset.external_uid:str? asset.id:str? asset.marketplace.id:str? asset.marketplace.name:str^
        asset.params[].id:eq,in asset.params[].value:eq,in asset.product.id:str? asset.product.name:str^
        asset.status:eq asset.tier1_id=asset.tiers.tier1.id:eq asset.tier2_id=asset.tiers.tier2.id:eq
        asset.tiers.customer.id:str?^ asset.tiers.customer.name:str?^ asset.tiers.tier1.id:str?
        asset.tiers.tier2=asset.tiers.tier2.id:eq asset.tiers.tier2.id:str? asset_id=asset.id:eq,in
        assignee:eq,in? assignee.email=assignee:eq,ilike,in contract.id:str? created:num^ id:str?
        marketplace.id:str? marketplace.name:str^ product_id=asset.product.id:str? sli.days:eq,ge,gt,le,lt^
        sli.zone:num?^ status:str^ template.id:str? updated:num^
    """,
    k.ASSETS.collection: """
        connection.hub.id:str? connection.hub.name:str connection.id:str? connection.provider.id:str?~
        connection.provider.name:str~ connection.type:str connection.vendor.id:str?~ connection.vendor.name:str~
        contract.id:str? created=events.created.at:gt,lt^ external_id:str?~ external_uid:str?
        hub.id=connection.hub.id:str? hub.name=connection.hub.name:str id:str?~ marketplace.id:str?^~
        marketplace.name:str^~ params[].id:str params[].value:str? product.id:str?~ product.name:str^~
        product.title=product.name:str^~ status:str^~ template.id:str? tiers.customer.external_id:str?~
        tiers.customer.external_uid:str~ tiers.customer.id:str?^~ tiers.customer.name:str?^~ tiers.tier1.id:str?
        tiers.tier2.id:str? updated=events.updated.at:gt,lt^
    """,
    k.TIER_CONFIG_REQUESTS.collection: """
        assignee.id:eq,ilike,in?^ assignee.name:eq,ilike,in?^ configuration.account.external_id:str?
        configuration.account.external_uid:str configuration.account.hub.id:str?^~
        configuration.account.hub.name:str~ configuration.account.id:str?^~ configuration.connection.type:eq,in
        configuration.contract.id:str?^~ configuration.id:str?^~ configuration.marketplace.id:str?^~
        configuration.marketplace.name:str^~ configuration.product.id:str?^~ configuration.product.name:str^~
        configuration.tier_level:eq,in^ created=events.created.at:num?^ environment:eq,in id:str?^
        params[].id:str params[].value:str? sli.days:eq,ge,gt,le,lt^ sli.zone:num?^ status:eq,in^
        template.id:str? type:eq,in^ updated=events.updated.at:num?^
    """,
    k.TIER_CONFIGS.collection: """
        configuration.id:str account.company_name:str?^~ account.external_id:str? account.external_uid:str
        account.id:str?^~ connection.id:str?^~ connection.product_version_type:str^~ connection.type:str
        contract.id:str?^~ created=events.created.at:ge,le^ id:str?^~ marketplace.id:str?^~
        marketplace.name:str^~ params[].id:str params[].value:str? product.id:str?^~ product.name:str^~
        status:eq,in^ template.id:str? tier_level:num^ updated=events.updated.at:ge,le^
    """,
    k.TIER_ACCOUNT_REQUESTS.collection: """
        account.external_id:str?^~ account.external_uid:str^~ account.hub.id:str?^~ account.hub.name:str^~
        account.id:str?^ account.name:str?^ account.version:num events.created.at:num^ id:str?^~
        product.id:str?^~ product.name:str^~ status:str^
    """,
    k.TIER_ACCOUNTS.collection: """
        environment:str contact_info.contact.email:eq,in db:str^ events.created.at:num^
        events.created.by=events.created.by.id:str? events.updated.by=events.updated.by.id:str?
        external_id:str?^~ external_uid:str~ hub.id:str?^~ hub.name:str^~ id:str?~ name:str?^~ owner.id:str?^~
        owner.name:str^~ parent.id:str?~ parent.name:str?^~ parent.parent.id:str? scopes[]:eq,like,ilike,in
        type:str
    """,
    k.LISTING_REQUESTS.collection: """
        created:num^ id:str?~ listing.contract.id:str?~ listing.contract.marketplace.id:str?
        listing.contract.marketplace.name:str^ listing.contract.name:str^~ listing.id:str?
        listing.marketplace.id:str? listing.marketplace.name:str^ listing.product.id:str?~
        listing.product.name:str^~ listing.product.version:num listing.provider.id:str?
        listing.provider.name:str^ listing.vendor.id:str?~ listing.vendor.name:str^~ product.id:str?^
        product.name:str^ product.version:num^ state:str^ status=state:str^~ type:str^~ updated:num^
    """,
    k.LISTINGS.collection: """
        alt_pricelist_1.id:str? alt_pricelist_1.name:str alt_pricelist_2.id:str? alt_pricelist_2.name:str
        contract.id:str? created:num^ id:str? marketplace.id:str? marketplace.name:str^~ offer.id:str?
        offer.name:str pending_request.status:eq,in pending_request.type:eq,in pricelist.id:str?
        pricelist.name:str product.id:str? product.name:str^~ provider.id:str? provider.name:str^ status:str
        updated:num^ vendor.id:str? vendor.name:str^
    """,
    k.USAGE_FILES.collection: """
        contract.id:str?~ contract.name:str?^~ created.at=events.created.at:ge,gt,le,lt^
        distribution_contract_id=contract.id:str?~ environment:str^~ external_id:str?~ id:str?^~
        marketplace.id:str?~ marketplace.name:str?^~ marketplace_id=marketplace.id:str?~ name:str?~
        product.id:str?~ product.name:str?^~ product_id=product.id:str?~ provider.id:str?~ provider.name:str?^~
        provider_id=provider.id:str?~ schema:str^~ status:str^ vendor.id:str?~ vendor.name:str?^~
        vendor_id=vendor.id:str?~
    """,
    k.USAGE_CHUNKS.collection: """
        binding.hub.id:str?~ id:str?~ provider.id:str?~ status:str usagefile.id:str?^~
    """,
    k.USAGE_RECORDS.collection: """
        asset.external_id:str? asset.external_uid:str? asset.id:str? asset_external_id:str?
        asset_external_uid:str? asset_id:str?~ created_time:num?^ end_date:num? hub.id=hub.id:str? item.id:str?
        item_id:str? product.id=product_id:str? product_id:str?~ start_date:num? status:str?^
        usage_file=usagefile.id:str?~ usage_start_time:num?^ usagefile.id:str?~ usagefile.schema:str~
    """,
    k.BILLING_REQUESTS.collection: """
        assignee.id:str? batch.id:str?^ batch.name:str created=events.created.at:num^ id:str?^ status:str^
        stream.context.product.id:str? stream.id:str? stream.name:str transformation.function.id:str?
        transformation.id:str? updated=events.updated.at:num^
    """,
    k.BILLING_BATCHES.collection: """
        context.period.end:num context.period.start:num events.created.at:num^ id:str?~ name:str?~ status:str^
        stream.id:str? stream.name:str
    """,
    k.BILLING_STREAMS.collection: """
        context.account.id:str? context.marketplace.id:str? context.product.id:str? events.created.at:num^ id:str?~
        name:str?~ owner.id:str? status:str^ visibility:str
    """,
    k.PRICING_REQUESTS.collection: """
        assignee.id:str? batch.id:str?^ batch.name:str created=events.created.at:num^ id:str?^ status:str^
        stream.context.product.id:str? stream.id:str? stream.name:str transformation.function.id:str?
        transformation.id:str? updated=events.updated.at:num^
    """,
    k.PRICING_BATCHES.collection: """
        context.period.end:num context.period.start:num events.created.at:num^ id:str?~ name:str?~ status:str^
        stream.id:str? stream.name:str
    """,
    k.PRICING_STREAMS.collection: """
        context.account.id:str? context.marketplace.id:str? context.product.id:str? events.created.at:num^ id:str?~
        name:str?~ owner.id:str? status:str^ visibility:str
    """,
    k.TRANSFORMATION_FUNCTIONS.collection: """
        environment.extension.package:str? environment.id:str? id:str? method:str^ name:str^ status:str
    """,
    k.MEDIA_FILES.collection: """
        id:str? mime_type:str name:str^ size:num^
    """,
    k.CONVERSATIONS.collection: """
        created:num^ events.created.at:num^ id:str? instance_id:str
    """,
    k.MESSAGES.collection: """
        created:num^ events.created.at:num^ events.created.by.id:str? events.updated.at:num^ id:str? text:str~
        type:str
    """,
    k.TRANSLATIONS.collection: """
        auto.enabled:bool context.id:str? context.instance_id:str? context.name:str^ context.type:str
        events.created.at:num^ events.updated.at:num^ id:str?^ locale.id:str? locale.name:str^ owner.id:str?
        primary:bool status:str^
    """,
    k.HELPDESK_CASES.collection: """
        events.created.at:num^ events.updated.at:num^ id:str?^ issuer.account.id:str? priority:num^ product.id:str?
        receiver.account.id:str? state:str^ status=state:str^ subject:str^~ type:str
    """,
    k.MARKETPLACES.collection: """
        agreements[].id:str? alt_currency_1:str?^~ alt_currency_2:str?^~ countries[].id:str? currency:str?^~
        description:str? hubs.id=hubs[].hub.id:str? hubs.name=hubs[].hub.name:str id:str?^~ locales[].id:str?
        locales[].name:str name:str^~ owner.id:str?~ owner.name:str~ stats.contracts:num^ stats.hubs:num^
    """,
    k.HUBS.collection: """
        events.created.at:num^ events.updated.at:num?^ id:str?^ instance.id:str?~ instance.type:str^~ name:str^
        stats.connections:num^ stats.marketplaces:num^
    """,
    "subscriptions/assets": """
        billing.next_date:num?^ billing.period.uom:str? connection.hub.id:str? connection.hub.name:str
        connection.id:str? connection.provider.id:str? connection.provider.name:str connection.type:str?
        connection.vendor.id:str? connection.vendor.name:str contract.id:str? events.created.at:num^
        events.updated.at:num external_id:str? external_uid:str? id:str? marketplace.id:str?
        marketplace.name:str params[].id:str params[].name:str params[].value:str? product.id:str?
        product.name:str status:str tiers.customer.id:str tiers.customer.name:str tiers.tier1.id:str?
        tiers.tier2.id:str?
    """,
    HUB_CONNECTIONS: """
        id:str product.id:str type:str created_at:num^ product.name:str^
    """,
    k.PRODUCTS.collection: """
        status:str events.created.at:num^ events.published.at:num?^ events.published.by.id:str?^
        events.published.by.name:str?^ events.updated.at:num^ events.updated.by.id:str?^
        events.updated.by.name:str?^ external_id:str? groups[].id:str? id:str?~ name:str^~ owner.id:str?~
        owner.name:str~ purchase_model:eq,ne,in replacement.id:str? visibility.catalog:eq visibility.listing:eq
        visibility.owner:eq visibility.syndication:eq category.id:eq
    """,
    k.PRODUCT_ITEMS.collection: """
        app.id:str?~ applicability:str?~ commitment.count:num description.value:str?~ display_name:str~
        dynamic:bool events.created.at:num? events.saleended.at:num? events.updated.at:num? external_id:str?
        frozen:bool group.id:str? group.mpn:str group.name:str? id:str?~ item_type:str~ local_id:str mpn:str?~
        name:str~ period:str?~ replacement.id:str? status:str~ type:str~ unit.title:str~ usage_data_type:str?~
        verbose_id:str?~ version:str?
    """,
    k.PRODUCT_PARAMETERS.collection: """
        constraints.hidden:bool constraints.reconciliation:eq constraints.required:eq,in
        constraints.shared:eq,in? constraints.unique:bool id:str? name:str phase:str position:num?^ scope:str
        title:str^ type:str
    """,
    k.PRODUCT_TEMPLATES.collection: """
        id:str name:str scope:str type:str?
    """,
    k.PRODUCT_ACTIONS.collection: """
        id:str action:str name:str scope:str
    """,
    k.CONNECTIONS.collection: """
        id:str type:str status:str hub.id:str? hub.instance.id:str? hub.name:str product_version_type:str
    """,
    k.CONTRACTS.collection: """
        agreement.id:str?~ agreement.name:str^~ agreement.owner.id:str? events.created.at:num^
        events.created.by.id:str? events.created.by.name:str?~ events.signed.by.id:str?
        events.signed.by.name:str~ id:str?^~ issuer.id:str?^~ issuer.name:str^~ kind:str marketplace.id:str?~
        marketplace.name:str~ owner.id:str? owner.name:str^~ partner.id:str? referral.agreement.id:str?
        status:str^ type:str
    """,
    VERSIONS: "id:str? name:str version:num^ events.created.at:num^",
}


@cache
def fields_for(collection: str) -> Mapping[str, Field]:
    """The fields of a list, by the name of its collection (or one of the names above)."""
    kind = k.KINDS.get(collection)
    status = "status" if kind is None else kind.status_field
    return fields_of(_DECLARATIONS[collection], status_property=status)
