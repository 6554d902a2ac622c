from buf.validate import validate_pb2 as _validate_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class LocationKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LOCATION_KIND_UNSPECIFIED: _ClassVar[LocationKind]
    LOCATION_KIND_SUPPLIER: _ClassVar[LocationKind]
    LOCATION_KIND_PLANT: _ClassVar[LocationKind]
    LOCATION_KIND_DC: _ClassVar[LocationKind]
    LOCATION_KIND_STORE: _ClassVar[LocationKind]
    LOCATION_KIND_CUSTOMER: _ClassVar[LocationKind]

class LaneKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LANE_KIND_UNSPECIFIED: _ClassVar[LaneKind]
    LANE_KIND_PURCHASE: _ClassVar[LaneKind]
    LANE_KIND_TRANSFER: _ClassVar[LaneKind]
    LANE_KIND_PRODUCTION: _ClassVar[LaneKind]

class ResourceKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RESOURCE_KIND_UNSPECIFIED: _ClassVar[ResourceKind]
    RESOURCE_KIND_SUPPLIER: _ClassVar[ResourceKind]
    RESOURCE_KIND_PRODUCTION: _ClassVar[ResourceKind]
    RESOURCE_KIND_STORAGE: _ClassVar[ResourceKind]
    RESOURCE_KIND_TRANSPORT: _ClassVar[ResourceKind]
    RESOURCE_KIND_BUDGET: _ClassVar[ResourceKind]

class DemandKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DEMAND_KIND_UNSPECIFIED: _ClassVar[DemandKind]
    DEMAND_KIND_BACKORDER: _ClassVar[DemandKind]
    DEMAND_KIND_LOST_SALE: _ClassVar[DemandKind]

class Firmness(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FIRMNESS_UNSPECIFIED: _ClassVar[Firmness]
    FIRMNESS_PROPOSED: _ClassVar[Firmness]
    FIRMNESS_FIRM: _ClassVar[Firmness]
    FIRMNESS_RELEASED: _ClassVar[Firmness]
    FIRMNESS_IN_TRANSIT: _ClassVar[Firmness]

class ServiceLevelKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SERVICE_LEVEL_KIND_UNSPECIFIED: _ClassVar[ServiceLevelKind]
    SERVICE_LEVEL_KIND_CYCLE: _ClassVar[ServiceLevelKind]
    SERVICE_LEVEL_KIND_FILL_RATE: _ClassVar[ServiceLevelKind]

class LotBasis(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LOT_BASIS_UNSPECIFIED: _ClassVar[LotBasis]
    LOT_BASIS_QUANTITY: _ClassVar[LotBasis]
    LOT_BASIS_VALUE: _ClassVar[LotBasis]
LOCATION_KIND_UNSPECIFIED: LocationKind
LOCATION_KIND_SUPPLIER: LocationKind
LOCATION_KIND_PLANT: LocationKind
LOCATION_KIND_DC: LocationKind
LOCATION_KIND_STORE: LocationKind
LOCATION_KIND_CUSTOMER: LocationKind
LANE_KIND_UNSPECIFIED: LaneKind
LANE_KIND_PURCHASE: LaneKind
LANE_KIND_TRANSFER: LaneKind
LANE_KIND_PRODUCTION: LaneKind
RESOURCE_KIND_UNSPECIFIED: ResourceKind
RESOURCE_KIND_SUPPLIER: ResourceKind
RESOURCE_KIND_PRODUCTION: ResourceKind
RESOURCE_KIND_STORAGE: ResourceKind
RESOURCE_KIND_TRANSPORT: ResourceKind
RESOURCE_KIND_BUDGET: ResourceKind
DEMAND_KIND_UNSPECIFIED: DemandKind
DEMAND_KIND_BACKORDER: DemandKind
DEMAND_KIND_LOST_SALE: DemandKind
FIRMNESS_UNSPECIFIED: Firmness
FIRMNESS_PROPOSED: Firmness
FIRMNESS_FIRM: Firmness
FIRMNESS_RELEASED: Firmness
FIRMNESS_IN_TRANSIT: Firmness
SERVICE_LEVEL_KIND_UNSPECIFIED: ServiceLevelKind
SERVICE_LEVEL_KIND_CYCLE: ServiceLevelKind
SERVICE_LEVEL_KIND_FILL_RATE: ServiceLevelKind
LOT_BASIS_UNSPECIFIED: LotBasis
LOT_BASIS_QUANTITY: LotBasis
LOT_BASIS_VALUE: LotBasis

class ServiceLevel(_message.Message):
    __slots__ = ("kind", "target")
    KIND_FIELD_NUMBER: _ClassVar[int]
    TARGET_FIELD_NUMBER: _ClassVar[int]
    kind: ServiceLevelKind
    target: float
    def __init__(self, kind: _Optional[_Union[ServiceLevelKind, str]] = ..., target: _Optional[float] = ...) -> None: ...

class Item(_message.Message):
    __slots__ = ("id", "name", "unit", "volume", "volume_class", "value", "abc", "classes", "shelf_life_days")
    class ClassesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    VOLUME_FIELD_NUMBER: _ClassVar[int]
    VOLUME_CLASS_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    ABC_FIELD_NUMBER: _ClassVar[int]
    CLASSES_FIELD_NUMBER: _ClassVar[int]
    SHELF_LIFE_DAYS_FIELD_NUMBER: _ClassVar[int]
    id: str
    name: str
    unit: str
    volume: float
    volume_class: str
    value: float
    abc: str
    classes: _containers.ScalarMap[str, str]
    shelf_life_days: int
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., unit: _Optional[str] = ..., volume: _Optional[float] = ..., volume_class: _Optional[str] = ..., value: _Optional[float] = ..., abc: _Optional[str] = ..., classes: _Optional[_Mapping[str, str]] = ..., shelf_life_days: _Optional[int] = ...) -> None: ...

class Calendar(_message.Message):
    __slots__ = ("id", "closed_weekdays", "holidays")
    ID_FIELD_NUMBER: _ClassVar[int]
    CLOSED_WEEKDAYS_FIELD_NUMBER: _ClassVar[int]
    HOLIDAYS_FIELD_NUMBER: _ClassVar[int]
    id: str
    closed_weekdays: _containers.RepeatedScalarFieldContainer[int]
    holidays: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, id: _Optional[str] = ..., closed_weekdays: _Optional[_Iterable[int]] = ..., holidays: _Optional[_Iterable[str]] = ...) -> None: ...

class StorageCapacity(_message.Message):
    __slots__ = ("volume_class", "capacity")
    VOLUME_CLASS_FIELD_NUMBER: _ClassVar[int]
    CAPACITY_FIELD_NUMBER: _ClassVar[int]
    volume_class: str
    capacity: float
    def __init__(self, volume_class: _Optional[str] = ..., capacity: _Optional[float] = ...) -> None: ...

class Location(_message.Message):
    __slots__ = ("id", "name", "kind", "business_unit", "region", "calendar", "storage")
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    BUSINESS_UNIT_FIELD_NUMBER: _ClassVar[int]
    REGION_FIELD_NUMBER: _ClassVar[int]
    CALENDAR_FIELD_NUMBER: _ClassVar[int]
    STORAGE_FIELD_NUMBER: _ClassVar[int]
    id: str
    name: str
    kind: LocationKind
    business_unit: str
    region: str
    calendar: str
    storage: _containers.RepeatedCompositeFieldContainer[StorageCapacity]
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., kind: _Optional[_Union[LocationKind, str]] = ..., business_unit: _Optional[str] = ..., region: _Optional[str] = ..., calendar: _Optional[str] = ..., storage: _Optional[_Iterable[_Union[StorageCapacity, _Mapping]]] = ...) -> None: ...

class Supplier(_message.Message):
    __slots__ = ("id", "name", "is_active", "risk", "lead_time_mean", "lead_time_std")
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    IS_ACTIVE_FIELD_NUMBER: _ClassVar[int]
    RISK_FIELD_NUMBER: _ClassVar[int]
    LEAD_TIME_MEAN_FIELD_NUMBER: _ClassVar[int]
    LEAD_TIME_STD_FIELD_NUMBER: _ClassVar[int]
    id: str
    name: str
    is_active: bool
    risk: float
    lead_time_mean: float
    lead_time_std: float
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., is_active: _Optional[bool] = ..., risk: _Optional[float] = ..., lead_time_mean: _Optional[float] = ..., lead_time_std: _Optional[float] = ...) -> None: ...

class Stage(_message.Message):
    __slots__ = ("id", "item", "location", "added_cost", "holding_rate", "processing_time", "external_service_time", "max_service_time", "service_level", "min_stock", "max_stock", "review_period", "on_hand", "backorders", "cost_table")
    ID_FIELD_NUMBER: _ClassVar[int]
    ITEM_FIELD_NUMBER: _ClassVar[int]
    LOCATION_FIELD_NUMBER: _ClassVar[int]
    ADDED_COST_FIELD_NUMBER: _ClassVar[int]
    HOLDING_RATE_FIELD_NUMBER: _ClassVar[int]
    PROCESSING_TIME_FIELD_NUMBER: _ClassVar[int]
    EXTERNAL_SERVICE_TIME_FIELD_NUMBER: _ClassVar[int]
    MAX_SERVICE_TIME_FIELD_NUMBER: _ClassVar[int]
    SERVICE_LEVEL_FIELD_NUMBER: _ClassVar[int]
    MIN_STOCK_FIELD_NUMBER: _ClassVar[int]
    MAX_STOCK_FIELD_NUMBER: _ClassVar[int]
    REVIEW_PERIOD_FIELD_NUMBER: _ClassVar[int]
    ON_HAND_FIELD_NUMBER: _ClassVar[int]
    BACKORDERS_FIELD_NUMBER: _ClassVar[int]
    COST_TABLE_FIELD_NUMBER: _ClassVar[int]
    id: str
    item: str
    location: str
    added_cost: float
    holding_rate: float
    processing_time: float
    external_service_time: float
    max_service_time: float
    service_level: ServiceLevel
    min_stock: float
    max_stock: float
    review_period: float
    on_hand: float
    backorders: float
    cost_table: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, id: _Optional[str] = ..., item: _Optional[str] = ..., location: _Optional[str] = ..., added_cost: _Optional[float] = ..., holding_rate: _Optional[float] = ..., processing_time: _Optional[float] = ..., external_service_time: _Optional[float] = ..., max_service_time: _Optional[float] = ..., service_level: _Optional[_Union[ServiceLevel, _Mapping]] = ..., min_stock: _Optional[float] = ..., max_stock: _Optional[float] = ..., review_period: _Optional[float] = ..., on_hand: _Optional[float] = ..., backorders: _Optional[float] = ..., cost_table: _Optional[_Iterable[float]] = ...) -> None: ...

class Component(_message.Message):
    __slots__ = ("stage", "quantity")
    STAGE_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    stage: str
    quantity: float
    def __init__(self, stage: _Optional[str] = ..., quantity: _Optional[float] = ...) -> None: ...

class ResourceUse(_message.Message):
    __slots__ = ("resource", "per_unit", "per_order")
    RESOURCE_FIELD_NUMBER: _ClassVar[int]
    PER_UNIT_FIELD_NUMBER: _ClassVar[int]
    PER_ORDER_FIELD_NUMBER: _ClassVar[int]
    resource: str
    per_unit: float
    per_order: float
    def __init__(self, resource: _Optional[str] = ..., per_unit: _Optional[float] = ..., per_order: _Optional[float] = ...) -> None: ...

class LeadTimePoint(_message.Message):
    __slots__ = ("days", "probability")
    DAYS_FIELD_NUMBER: _ClassVar[int]
    PROBABILITY_FIELD_NUMBER: _ClassVar[int]
    days: float
    probability: float
    def __init__(self, days: _Optional[float] = ..., probability: _Optional[float] = ...) -> None: ...

class Lane(_message.Message):
    __slots__ = ("id", "kind", "stage", "supplier", "source", "components", "lead_time", "lead_time_std", "lead_time_distribution", "unit", "unit_cost", "fixed_cost", "minimum", "minimum_group", "multiple", "maximum", "priority", "effective_from", "effective_to", "uses")
    ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    SUPPLIER_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    COMPONENTS_FIELD_NUMBER: _ClassVar[int]
    LEAD_TIME_FIELD_NUMBER: _ClassVar[int]
    LEAD_TIME_STD_FIELD_NUMBER: _ClassVar[int]
    LEAD_TIME_DISTRIBUTION_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    UNIT_COST_FIELD_NUMBER: _ClassVar[int]
    FIXED_COST_FIELD_NUMBER: _ClassVar[int]
    MINIMUM_FIELD_NUMBER: _ClassVar[int]
    MINIMUM_GROUP_FIELD_NUMBER: _ClassVar[int]
    MULTIPLE_FIELD_NUMBER: _ClassVar[int]
    MAXIMUM_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_FROM_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_TO_FIELD_NUMBER: _ClassVar[int]
    USES_FIELD_NUMBER: _ClassVar[int]
    id: str
    kind: LaneKind
    stage: str
    supplier: str
    source: str
    components: _containers.RepeatedCompositeFieldContainer[Component]
    lead_time: float
    lead_time_std: float
    lead_time_distribution: _containers.RepeatedCompositeFieldContainer[LeadTimePoint]
    unit: str
    unit_cost: float
    fixed_cost: float
    minimum: float
    minimum_group: str
    multiple: float
    maximum: float
    priority: int
    effective_from: str
    effective_to: str
    uses: _containers.RepeatedCompositeFieldContainer[ResourceUse]
    def __init__(self, id: _Optional[str] = ..., kind: _Optional[_Union[LaneKind, str]] = ..., stage: _Optional[str] = ..., supplier: _Optional[str] = ..., source: _Optional[str] = ..., components: _Optional[_Iterable[_Union[Component, _Mapping]]] = ..., lead_time: _Optional[float] = ..., lead_time_std: _Optional[float] = ..., lead_time_distribution: _Optional[_Iterable[_Union[LeadTimePoint, _Mapping]]] = ..., unit: _Optional[str] = ..., unit_cost: _Optional[float] = ..., fixed_cost: _Optional[float] = ..., minimum: _Optional[float] = ..., minimum_group: _Optional[str] = ..., multiple: _Optional[float] = ..., maximum: _Optional[float] = ..., priority: _Optional[int] = ..., effective_from: _Optional[str] = ..., effective_to: _Optional[str] = ..., uses: _Optional[_Iterable[_Union[ResourceUse, _Mapping]]] = ...) -> None: ...

class OrderGroup(_message.Message):
    __slots__ = ("id", "minimum", "basis")
    ID_FIELD_NUMBER: _ClassVar[int]
    MINIMUM_FIELD_NUMBER: _ClassVar[int]
    BASIS_FIELD_NUMBER: _ClassVar[int]
    id: str
    minimum: float
    basis: LotBasis
    def __init__(self, id: _Optional[str] = ..., minimum: _Optional[float] = ..., basis: _Optional[_Union[LotBasis, str]] = ...) -> None: ...

class Resource(_message.Message):
    __slots__ = ("id", "kind", "location", "supplier", "capacity", "capacities", "unit_size", "unit_cost")
    ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    LOCATION_FIELD_NUMBER: _ClassVar[int]
    SUPPLIER_FIELD_NUMBER: _ClassVar[int]
    CAPACITY_FIELD_NUMBER: _ClassVar[int]
    CAPACITIES_FIELD_NUMBER: _ClassVar[int]
    UNIT_SIZE_FIELD_NUMBER: _ClassVar[int]
    UNIT_COST_FIELD_NUMBER: _ClassVar[int]
    id: str
    kind: ResourceKind
    location: str
    supplier: str
    capacity: float
    capacities: _containers.RepeatedScalarFieldContainer[float]
    unit_size: float
    unit_cost: float
    def __init__(self, id: _Optional[str] = ..., kind: _Optional[_Union[ResourceKind, str]] = ..., location: _Optional[str] = ..., supplier: _Optional[str] = ..., capacity: _Optional[float] = ..., capacities: _Optional[_Iterable[float]] = ..., unit_size: _Optional[float] = ..., unit_cost: _Optional[float] = ...) -> None: ...

class Quantile(_message.Message):
    __slots__ = ("probability", "values")
    PROBABILITY_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    probability: float
    values: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, probability: _Optional[float] = ..., values: _Optional[_Iterable[float]] = ...) -> None: ...

class Demand(_message.Message):
    __slots__ = ("stage", "kind", "penalty", "mean", "std", "quantiles", "history", "source")
    STAGE_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    PENALTY_FIELD_NUMBER: _ClassVar[int]
    MEAN_FIELD_NUMBER: _ClassVar[int]
    STD_FIELD_NUMBER: _ClassVar[int]
    QUANTILES_FIELD_NUMBER: _ClassVar[int]
    HISTORY_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    stage: str
    kind: DemandKind
    penalty: float
    mean: _containers.RepeatedScalarFieldContainer[float]
    std: _containers.RepeatedScalarFieldContainer[float]
    quantiles: _containers.RepeatedCompositeFieldContainer[Quantile]
    history: _containers.RepeatedScalarFieldContainer[float]
    source: str
    def __init__(self, stage: _Optional[str] = ..., kind: _Optional[_Union[DemandKind, str]] = ..., penalty: _Optional[float] = ..., mean: _Optional[_Iterable[float]] = ..., std: _Optional[_Iterable[float]] = ..., quantiles: _Optional[_Iterable[_Union[Quantile, _Mapping]]] = ..., history: _Optional[_Iterable[float]] = ..., source: _Optional[str] = ...) -> None: ...

class Receipt(_message.Message):
    __slots__ = ("id", "stage", "quantity", "due", "firmness", "lane", "unit", "ordered")
    ID_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    DUE_FIELD_NUMBER: _ClassVar[int]
    FIRMNESS_FIELD_NUMBER: _ClassVar[int]
    LANE_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    ORDERED_FIELD_NUMBER: _ClassVar[int]
    id: str
    stage: str
    quantity: float
    due: str
    firmness: Firmness
    lane: str
    unit: str
    ordered: str
    def __init__(self, id: _Optional[str] = ..., stage: _Optional[str] = ..., quantity: _Optional[float] = ..., due: _Optional[str] = ..., firmness: _Optional[_Union[Firmness, str]] = ..., lane: _Optional[str] = ..., unit: _Optional[str] = ..., ordered: _Optional[str] = ...) -> None: ...

class UnitConversion(_message.Message):
    __slots__ = ("from_unit", "to_unit", "factor", "item")
    FROM_UNIT_FIELD_NUMBER: _ClassVar[int]
    TO_UNIT_FIELD_NUMBER: _ClassVar[int]
    FACTOR_FIELD_NUMBER: _ClassVar[int]
    ITEM_FIELD_NUMBER: _ClassVar[int]
    from_unit: str
    to_unit: str
    factor: float
    item: str
    def __init__(self, from_unit: _Optional[str] = ..., to_unit: _Optional[str] = ..., factor: _Optional[float] = ..., item: _Optional[str] = ...) -> None: ...

class SourceFile(_message.Message):
    __slots__ = ("name", "digest", "rows", "contract")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    CONTRACT_FIELD_NUMBER: _ClassVar[int]
    name: str
    digest: str
    rows: int
    contract: str
    def __init__(self, name: _Optional[str] = ..., digest: _Optional[str] = ..., rows: _Optional[int] = ..., contract: _Optional[str] = ...) -> None: ...

class Exception(_message.Message):
    __slots__ = ("kind", "subject", "message", "action")
    KIND_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    kind: str
    subject: str
    message: str
    action: str
    def __init__(self, kind: _Optional[str] = ..., subject: _Optional[str] = ..., message: _Optional[str] = ..., action: _Optional[str] = ...) -> None: ...

class Snapshot(_message.Message):
    __slots__ = ("as_of", "source", "currency", "bucket_days", "horizon", "items", "locations", "suppliers", "calendars", "stages", "lanes", "order_groups", "resources", "demands", "receipts", "conversions", "sources", "exceptions")
    AS_OF_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    BUCKET_DAYS_FIELD_NUMBER: _ClassVar[int]
    HORIZON_FIELD_NUMBER: _ClassVar[int]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    LOCATIONS_FIELD_NUMBER: _ClassVar[int]
    SUPPLIERS_FIELD_NUMBER: _ClassVar[int]
    CALENDARS_FIELD_NUMBER: _ClassVar[int]
    STAGES_FIELD_NUMBER: _ClassVar[int]
    LANES_FIELD_NUMBER: _ClassVar[int]
    ORDER_GROUPS_FIELD_NUMBER: _ClassVar[int]
    RESOURCES_FIELD_NUMBER: _ClassVar[int]
    DEMANDS_FIELD_NUMBER: _ClassVar[int]
    RECEIPTS_FIELD_NUMBER: _ClassVar[int]
    CONVERSIONS_FIELD_NUMBER: _ClassVar[int]
    SOURCES_FIELD_NUMBER: _ClassVar[int]
    EXCEPTIONS_FIELD_NUMBER: _ClassVar[int]
    as_of: str
    source: str
    currency: str
    bucket_days: int
    horizon: int
    items: _containers.RepeatedCompositeFieldContainer[Item]
    locations: _containers.RepeatedCompositeFieldContainer[Location]
    suppliers: _containers.RepeatedCompositeFieldContainer[Supplier]
    calendars: _containers.RepeatedCompositeFieldContainer[Calendar]
    stages: _containers.RepeatedCompositeFieldContainer[Stage]
    lanes: _containers.RepeatedCompositeFieldContainer[Lane]
    order_groups: _containers.RepeatedCompositeFieldContainer[OrderGroup]
    resources: _containers.RepeatedCompositeFieldContainer[Resource]
    demands: _containers.RepeatedCompositeFieldContainer[Demand]
    receipts: _containers.RepeatedCompositeFieldContainer[Receipt]
    conversions: _containers.RepeatedCompositeFieldContainer[UnitConversion]
    sources: _containers.RepeatedCompositeFieldContainer[SourceFile]
    exceptions: _containers.RepeatedCompositeFieldContainer[Exception]
    def __init__(self, as_of: _Optional[str] = ..., source: _Optional[str] = ..., currency: _Optional[str] = ..., bucket_days: _Optional[int] = ..., horizon: _Optional[int] = ..., items: _Optional[_Iterable[_Union[Item, _Mapping]]] = ..., locations: _Optional[_Iterable[_Union[Location, _Mapping]]] = ..., suppliers: _Optional[_Iterable[_Union[Supplier, _Mapping]]] = ..., calendars: _Optional[_Iterable[_Union[Calendar, _Mapping]]] = ..., stages: _Optional[_Iterable[_Union[Stage, _Mapping]]] = ..., lanes: _Optional[_Iterable[_Union[Lane, _Mapping]]] = ..., order_groups: _Optional[_Iterable[_Union[OrderGroup, _Mapping]]] = ..., resources: _Optional[_Iterable[_Union[Resource, _Mapping]]] = ..., demands: _Optional[_Iterable[_Union[Demand, _Mapping]]] = ..., receipts: _Optional[_Iterable[_Union[Receipt, _Mapping]]] = ..., conversions: _Optional[_Iterable[_Union[UnitConversion, _Mapping]]] = ..., sources: _Optional[_Iterable[_Union[SourceFile, _Mapping]]] = ..., exceptions: _Optional[_Iterable[_Union[Exception, _Mapping]]] = ...) -> None: ...
