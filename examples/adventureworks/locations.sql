-- One site; the export's 14 locations are areas inside it.
select getvariable('site') as id, 'Adventure Works Cycles' as name, 'PLANT' as kind
