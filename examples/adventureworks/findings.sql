-- Where the export contradicts itself or says nothing, and what was done instead of guessing.
-- What a snapshot shows by itself (receipts overdue at as_of) planning reports, whatever its source.

-- Costs -----------------------------------------------------------------------------------------
select
    'ZERO_COST' as kind,
    part.item as subject,
    'standard cost is 0' as message,
    case
        when part.product_id not in (select product_id from planned) then 'EXCLUDED: not in the build plan'
        when part.is_made then format('DEFAULTED: {:.4f}, the sum of its components', v.cost)
        else format('DEFAULTED: {:.4f}, the cheapest active vendor''s price', v.cost)
    end as action
from part
join Product p on p.ProductID = part.product_id
join value v on v.product_id = part.product_id
where p.StandardCost = 0

union all by name
select
    'COMPONENTS_ABOVE_STANDARD_COST' as kind,
    made.item as subject,
    format('components cost {:.4f} more than the full standard cost', -cost.added) as message,
    'DEFAULTED: making it adds no cost' as action
from made
join making_cost cost using (product_id)
where cost.added < 0

-- Units -----------------------------------------------------------------------------------------
union all by name
select
    'STOCK_UNIT_UNSTATED' as kind,
    part.item as subject,
    format('the export names no stock unit; all its {} vendors sell it in {}', count(*), part.unit) as message,
    format('DEFAULTED: stock, orders and history are read in {}', part.unit) as action
from part
join offer on offer.product_id = part.product_id
where part.unit <> 'EA'
group by part.item, part.unit
having count(distinct offer.offered_unit) = 1

union all by name
select
    'NO_UNIT_FACTOR' as kind,
    offer.lane as subject,
    format('sold in {}, stocked in {}, and no factor is known', offered_unit, unit) as message,
    'EXCLUDED: no order can be placed; state the factor in unit_factors.csv' as action
from offer
where factor is null

union all by name
select
    'NO_UNIT_FACTOR' as kind,
    assembly || ' <- ' || component as subject,
    format('used in {}, stocked in {}, and no factor is known', used_unit, unit) as message,
    'EXCLUDED: the build plan does not ask for it; state the factor in unit_factors.csv' as action
from usage
where factor is null

-- Vendors ---------------------------------------------------------------------------------------
union all by name
select
    'INACTIVE_SUPPLIER' as kind,
    lane as subject,
    'the vendor is inactive and still offers the item' as message,
    'EXCLUDED: no order can be placed' as action
from offer
where not is_active

union all by name
select
    'INACTIVE_SUPPLIER_ORDER' as kind,
    'PO' || order_id as subject,
    format('open order of {} lines at an inactive vendor, {} units still to come', count(*), sum(greatest(remaining, 0))::integer) as message,
    if(sum(greatest(remaining, 0)) > 0, 'KEPT: expected as ordered', 'KEPT: nothing is left to receive') as action
from line
join Vendor v on v.BusinessEntityID = line.vendor_id
where is_open and not v.ActiveFlag
group by order_id

union all by name
select
    'SINGLE_LEAD_TIME' as kind,
    'PurchaseOrderDetail.DueDate' as subject,
    format('{} of {} lines are due 14 days after the order, whatever the vendor''s lead time', count(*) filter (due = ordered + 14), count(*)) as message,
    'DEFAULTED: the vendor''s average lead time, with deviation 0' as action
from line

-- Orders ----------------------------------------------------------------------------------------
union all by name
select
    'ON_ORDER_CONTRADICTION' as kind,
    offer.lane as subject,
    format(
        'on order: {} by the item-vendor row, {} by the lines of open orders, {} by what these have not received',
        offer.on_order, coalesce(open.ordered, 0), coalesce(open.remaining, 0)::integer
    ) as message,
    format('KEPT: {}, not yet received', coalesce(open.remaining, 0)::integer) as action
from offer
left join (
    select product_id, vendor_id, sum(quantity)::bigint as ordered, sum(remaining) as remaining
    from line
    where is_open
    group by all
) open on open.product_id = offer.product_id and open.vendor_id = offer.vendor_id
where offer.on_order <> coalesce(open.ordered, 0) or offer.on_order <> coalesce(open.remaining, 0)

union all by name
select
    'DUE_BEFORE_ORDERED' as kind,
    receipt as subject,
    format('due {}, ordered {}', due, ordered) as message,
    if(is_open and remaining > 0, 'KEPT: expected as soon as planning starts', 'KEPT: nothing is left to receive') as action
from line
where due < ordered

union all by name
select
    'DUPLICATE_ORDER_LINE' as kind,
    receipt as subject,
    format('{} stands on an earlier line of order {} too', part.item, line.order_id) as message,
    'KEPT: the quantities add up' as action
from (
    select *, row_number() over (partition by order_id, product_id order by line_id) as occurrence from line
) line
join part using (product_id)
where occurrence > 1

union all by name
select
    'UNUSUAL_ORDER' as kind,
    'PO' || PurchaseOrderID as subject,
    format('worth {:.0f}; the largest order ever completed was worth {:.0f}, the median {:.0f}', TotalDue::double, largest::double, middle::double) as message,
    'KEPT: its lines are part of the history' as action
from PurchaseOrderHeader
cross join (
    select max(TotalDue) filter (Status = 4) as largest, median(TotalDue) as middle from PurchaseOrderHeader
)
where TotalDue > getvariable('unusual_order') * largest

-- Bill of materials and build plan --------------------------------------------------------------
union all by name
select
    'EXPIRED_BOM' as kind,
    'BOM' || b.BillOfMaterialsID as subject,
    format('{} in {} ended {}', c.item, coalesce(a.item, 'the top level'), b.EndDate) as message,
    'EXCLUDED: not part of any production' as action
from BillOfMaterials b
join part c on c.product_id = b.ComponentID
left join part a on a.product_id = b.ProductAssemblyID
where b.EndDate is not null

union all by name
select
    'MADE_WITHOUT_BOM' as kind,
    item as subject,
    'made in house, and no active bill of materials says from what' as message,
    'EXCLUDED: cannot be planned' as action
from part
where is_made and product_id not in (select assembly_id from usage)

union all by name
select
    'MADE_FROM_NOTHING' as kind,
    item as subject,
    'made in house, and no factor is known for any of its components' as message,
    'EXCLUDED: no assembly asks for it; state the factors in unit_factors.csv' as action
from part
where is_made
    and product_id in (select assembly_id from usage)
    and product_id not in (select product_id from obtainable)

union all by name
select
    'BUILD_PLAN_NOT_MADE' as kind,
    build_plan.item as subject,
    'the build plan asks for an item that is unknown or not made from an active bill of materials' as message,
    'EXCLUDED: not planned' as action
from build_plan
where item not in (select item from made)
group by build_plan.item

union all by name
select
    'BUILD_PLAN_OUTSIDE_HORIZON' as kind,
    item || ' ' || week as subject,
    format('{} units in a week that is not planned', quantity) as message,
    'EXCLUDED: not planned' as action
from build_plan
where week < getvariable('as_of')
    or date_diff('day', getvariable('as_of'), week) // getvariable('bucket_days') >= getvariable('horizon')

union all by name
select
    'WORK_CENTRE_WITHOUT_ROUTING' as kind,
    'Location ' || LocationID as subject,
    format('{} has {:.0f} hours, of an unstated period, and no routing says what uses them', Name, Availability::double) as message,
    'EXCLUDED: production is not limited' as action
from Location
where Availability > 0

-- Stock and parameters --------------------------------------------------------------------------
union all by name
select
    'MISSING_STOCK' as kind,
    item as subject,
    'no stock row: not counted, which is not the same as zero' as message,
    if(
        product_id in (select product_id from planned),
        'DEFAULTED: nothing is promised from it until it is counted', 'EXCLUDED: not in the build plan'
    ) as action
from part
where counted is null

union all by name
select
    'DISCONTINUED_ITEM' as kind,
    item as subject,
    format('no longer sold since {}; {} on hand', strftime(p.SellEndDate, '%Y-%m-%d'), coalesce(counted, 0)) as message,
    case
        when product_id not in (select product_id from planned) then 'EXCLUDED: not in the build plan'
        when product_id in (select product_id from planned where is_closed) then 'EXCLUDED: no demand is expected, no order can be placed'
        else 'KEPT: the build plan uses it'
    end as action
from part
join Product p on p.ProductID = part.product_id
where part.is_ended

union all by name
select
    'REORDER_POINT_BELOW_SAFETY_STOCK' as kind,
    ProductNumber as subject,
    format('reorder point {}, safety stock {}', ReorderPoint, SafetyStockLevel) as message,
    'EXCLUDED: neither is used; safety stock is computed' as action
from Product
where ReorderPoint < SafetyStockLevel

union all by name
select
    'PURCHASED_WITHOUT_USE' as kind,
    part.item as subject,
    'neither in an active bill of materials nor a finished good' as message,
    'KEPT: demand is read from its purchases' as action
from part
join Product p on p.ProductID = part.product_id
where not part.is_made and not p.FinishedGoodsFlag
    and part.product_id not in (select component_id from usage)

-- History ---------------------------------------------------------------------------------------
union all by name
select
    'HISTORY_GAP' as kind,
    'PurchaseOrderHeader.OrderDate' as subject,
    format('{} orders in the {} days before {}', count(*), date_diff('day', getvariable('history_until')::date, getvariable('as_of')), getvariable('as_of')) as message,
    format('DEFAULTED: the history ends before {}; later orders count in its last week', getvariable('history_until')) as action
from PurchaseOrderHeader
where OrderDate >= getvariable('history_until')

union all by name
select
    'SPARSE_HISTORY' as kind,
    part.item as subject,
    format('ordered in {} of {} weeks: says how much, not how it varies', weeks_with_orders, getvariable('history_weeks')) as message,
    if(
        total > 0, format('DEFAULTED: {} a year, spread evenly', total), 'DEFAULTED: no demand is expected'
    ) as action
from history
join part using (product_id)
where is_sparse
