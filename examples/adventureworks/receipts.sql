-- Of three answers to "on order", the open lines' quantity not yet received: the only one that can
-- still arrive. 1 pending may still change; 2 is approved.
select
    line.receipt as id,
    part.stage,
    line.remaining::double as quantity,
    line.due,
    if(line.status = 2, 'RELEASED', 'PROPOSED') as firmness,
    if(offer.is_active and offer.factor is not null and not part.is_closed, offer.lane, '') as lane,
    offer.offered_unit as unit,
    line.ordered
from line
join planned part using (product_id)
join offer on offer.product_id = line.product_id and offer.vendor_id = line.vendor_id
where line.is_open and line.remaining > 0
