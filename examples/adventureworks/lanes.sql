-- Purchase: every active vendor whose unit can be converted. Whole units: OrderQty is an integer.
select
    lane as id,
    'PURCHASE' as kind,
    stage,
    supplier,
    []::struct(stage varchar, quantity double)[] as components,
    lead_time::double as lead_time,
    offered_unit as unit,
    price::double as unit_cost,
    minimum::double as minimum,
    1.0 as multiple,
    maximum::double as maximum,
    if(is_preferred, 0, 1) as priority
from offer
where is_active and factor is not null
    and product_id in (select product_id from planned where not is_closed)
union all by name
-- Production: one lane for every item made for the build plan.
select
    'MAKE:' || made.item as id,
    'PRODUCTION' as kind,
    made.stage,
    '' as supplier,
    list(struct_pack(stage := arc.stage, quantity := arc.quantity) order by arc.stage) as components,
    p.DaysToManufacture::double as lead_time,
    made.unit,
    round(greatest(cost.added, 0), 4) as unit_cost,
    0.0 as minimum,
    1.0 as multiple,
    null as maximum,
    0 as priority
from made
join Product p on p.ProductID = made.product_id
join making_cost cost on cost.product_id = made.product_id
join arc on arc.assembly_id = made.product_id
group by all
