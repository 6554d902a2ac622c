-- A missing stock row is not a zero: nothing may be promised from it, and a finding says so.
select
    part.stage as id,
    part.item,
    getvariable('site') as location,
    round(greatest(coalesce(making_cost.added, v.cost), 0), 4) as added_cost,
    coalesce(part.counted, 0)::double as on_hand
from planned part
join value v using (product_id)
left join making_cost using (product_id)
