-- ABC by turnover: a year's purchases and the build plan at cost; A up to 80 %, B up to 95 %.
with turnover as (
    select part.product_id, v.cost * coalesce(h.total, (
        select sum(b.quantity) from build_plan b where b.item = part.item
    ), 0) as money
    from planned part
    join value v using (product_id)
    left join history h using (product_id)
),
ranked as (
    select product_id, sum(money) over (
        order by money desc, product_id rows between unbounded preceding and current row
    ) - money as before, sum(money) over () as total
    from turnover
)
select
    part.item as id,
    part.name,
    part.unit,
    v.cost as value,
    case when before < 0.80 * total then 'A' when before < 0.95 * total then 'B' else 'C' end as abc,
    map_from_entries(list_filter([
        struct_pack(k := 'category', v := c.Name),
        struct_pack(k := 'subcategory', v := s.Name),
        struct_pack(k := 'product_line', v := trim(p.ProductLine)),
        struct_pack(k := 'quality', v := trim(p.Class)),
        struct_pack(k := 'procurement', v := if(part.is_made, 'made', 'purchased'))
    ], lambda entry: entry.v is not null)) as classes
from planned part
join ranked using (product_id)
join value v using (product_id)
join Product p on p.ProductID = part.product_id
left join ProductSubcategory s on s.ProductSubcategoryID = p.ProductSubcategoryID
left join ProductCategory c on c.ProductCategoryID = s.ProductCategoryID
