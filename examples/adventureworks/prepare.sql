-- What several sets share: parts with their units and stock, vendors' offers, active bill of
-- materials, order lines, and the made items that the build plan needs.

-- The unit in which an item is stocked. The export states none: the vendors' unit holds when they
-- agree; if they differ, the one most of them sell in (then the first by name). Made items count in EA.
create table stock_unit as
select ProductID as product_id, trim(UnitMeasureCode) as unit
from ProductVendor
group by product_id, unit
qualify row_number() over (partition by product_id order by count(*) desc, unit) = 1;

create table part as
select
    p.ProductID as product_id,
    p.ProductNumber as item,
    p.ProductNumber || '@' || getvariable('site') as stage,
    p.Name as name,
    p.MakeFlag as is_made,
    p.SellEndDate is not null or p.DiscontinuedDate is not null as is_ended,
    coalesce(u.unit, 'EA') as unit,
    (select sum(i.Quantity) from ProductInventory i where i.ProductID = p.ProductID) as counted
from Product p
left join stock_unit u on u.product_id = p.ProductID;

-- What a vendor offers; `factor` turns its unit into the item's, NULL when nobody states it.
create table offer as
select
    part.*,
    'BUY:' || part.item || ':' || v.AccountNumber as lane,
    v.AccountNumber as supplier,
    v.BusinessEntityID as vendor_id,
    v.ActiveFlag as is_active,
    v.PreferredVendorStatus as is_preferred,
    trim(o.UnitMeasureCode) as offered_unit,
    case when offered_unit = part.unit then 1.0 else f.factor end as factor,
    o.AverageLeadTime as lead_time,
    o.StandardPrice as price,
    o.MinOrderQty as minimum,
    o.MaxOrderQty as maximum,
    coalesce(o.OnOrderQty, 0) as on_order
from ProductVendor o
join part on part.product_id = o.ProductID
join Vendor v on v.BusinessEntityID = o.BusinessEntityID
left join unit_factors f
    on f.item = part.item and f.from_unit = trim(o.UnitMeasureCode) and f.to_unit = part.unit;

-- Active bill of materials: an end date means expired, a missing assembly a top-level entry.
-- `factor` turns the unit used into the component's, NULL when nobody states it.
create table usage as
select
    a.product_id as assembly_id,
    c.product_id as component_id,
    a.item as assembly,
    c.item as component,
    c.stage,
    c.unit,
    trim(b.UnitMeasureCode) as used_unit,
    b.PerAssemblyQty as used,
    case when used_unit = c.unit then 1.0 else f.factor end as factor
from BillOfMaterials b
join part a on a.product_id = b.ProductAssemblyID
join part c on c.product_id = b.ComponentID
left join unit_factors f
    on f.item = c.item and f.from_unit = trim(b.UnitMeasureCode) and f.to_unit = c.unit
where b.EndDate is null;

-- What can be had: everything purchased, and what is made from something that can be had.
create table obtainable as
with recursive had(product_id) as (
    select product_id from part where not is_made
    union
    select usage.assembly_id from had
    join usage on usage.component_id = had.product_id and usage.factor is not null
)
select product_id from had;

create table arc as
select *, used * factor as quantity
from usage
where factor is not null and component_id in (select product_id from obtainable);

-- The items whose production the build plan asks for, level by level.
create table made as
with recursive needed(product_id) as (
    select part.product_id from part join build_plan on build_plan.item = part.item
    union
    select arc.component_id from needed join arc on arc.assembly_id = needed.product_id
)
select part.* from part join needed using (product_id)
where part.is_made and part.product_id in (select product_id from obtainable);

-- The snapshot's items: all that is purchased, and what is made for the build plan.
create table planned as
select part.*, part.is_ended and not part.is_made and part.product_id not in (
    select component_id from arc join made on made.product_id = arc.assembly_id
) as is_closed
from part
where not part.is_made or part.product_id in (select product_id from made);

-- Cost of one unit: the standard cost; where that is zero, the cheapest active offer; where there
-- is none, the sum over the components, down to those that have a cost.
create table own_cost as
select
    p.ProductID as product_id,
    case when p.StandardCost > 0 then p.StandardCost
        else (
            select min(o.price / o.factor) from offer o
            where o.product_id = p.ProductID and o.is_active and o.factor is not null
        )
    end as cost
from Product p;

create table rolled_cost as
with recursive used(root, product_id, quantity, depth) as (
    select c.product_id, c.product_id, 1.0::double, 0 from own_cost c where c.cost is null
    union all
    select used.root, arc.component_id, used.quantity * arc.quantity, used.depth + 1
    from used
    join own_cost c on c.product_id = used.product_id and c.cost is null
    join arc on arc.assembly_id = used.product_id
    where used.depth < 20 -- levels; a cycle ends here, and the planner names it
)
select used.root as product_id, sum(used.quantity * c.cost) as cost
from used join own_cost c on c.product_id = used.product_id
where c.cost is not null
group by used.root;

create table value as
select part.product_id, round(coalesce(o.cost, r.cost, 0)::double, 4) as cost
from part
join own_cost o using (product_id)
left join rolled_cost r using (product_id);

-- What making one unit adds to its components. The standard cost is the full cost.
create table making_cost as
select made.product_id, v.cost - coalesce(sum(arc.quantity * c.cost), 0) as added
from made
join value v using (product_id)
left join arc on arc.assembly_id = made.product_id
left join value c on c.product_id = arc.component_id
group by made.product_id, v.cost;

create table line as
select
    d.PurchaseOrderID as order_id,
    d.PurchaseOrderDetailID as line_id,
    'PO' || d.PurchaseOrderID || '-' || d.PurchaseOrderDetailID as receipt,
    d.ProductID as product_id,
    h.VendorID as vendor_id,
    h.Status as status,
    h.OrderDate as ordered,
    d.DueDate as due,
    d.OrderQty as quantity,
    d.OrderQty - d.ReceivedQty as remaining,
    h.Status in (1, 2) as is_open,
    -- 0 is the last week of the history; later orders count in it
    greatest((date_diff('day', h.OrderDate, getvariable('history_until')) - 1) // 7, 0) as weeks_ago
from PurchaseOrderDetail d
join PurchaseOrderHeader h on h.PurchaseOrderID = d.PurchaseOrderID;

-- What was bought of each item in each of the last weeks; rejected orders (status 3) never counted.
create table bought as
select part.product_id, part.stage, week.weeks_ago, coalesce(sum(line.quantity), 0) as quantity
from planned part
cross join (select unnest(range(getvariable('history_weeks'))) as weeks_ago) week
left join line
    on line.product_id = part.product_id and line.weeks_ago = week.weeks_ago and line.status <> 3
where not part.is_made and not part.is_closed
group by all;

create table history as
select
    product_id,
    stage,
    sum(quantity) as total,
    count(*) filter (quantity > 0) as weeks_with_orders,
    weeks_with_orders < getvariable('sparse_weeks') as is_sparse,
    list(quantity::double order by weeks_ago desc) as by_week
from bought
group by all;
