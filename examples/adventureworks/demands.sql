-- Components: what was bought, week by week, is the only trace of what was used. Where orders were
-- too few to show how demand varies, the year's quantity is spread evenly (see findings).
select
    stage,
    []::double[] as mean,
    if(is_sparse, list_transform(by_week, lambda quantity: total::double / getvariable('history_weeks')), by_week) as history,
    'PurchaseOrderDetail by OrderDate' as source
from history
where total > 0
union all by name
-- Finished goods: the build plan, on top of the usual use that the history shows.
select
    part.stage,
    list(coalesce(plan.quantity, 0)::double order by bucket.number) as mean,
    []::double[] as history,
    'build_plan.csv' as source
from made part
cross join (select unnest(range(getvariable('horizon'))) as number) bucket
left join (
    select item, date_diff('day', getvariable('as_of'), week) // getvariable('bucket_days') as number,
        sum(quantity) as quantity
    from build_plan
    where week >= getvariable('as_of')
    group by all
) plan on plan.item = part.item and plan.number = bucket.number
where part.item in (select item from build_plan)
group by all
