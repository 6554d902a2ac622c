-- The export states no factor; those that people know stand in unit_factors.csv.
select item, from_unit, to_unit, factor from unit_factors
