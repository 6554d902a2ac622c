-- Credit rating 1 (best) .. 5 becomes risk 0 .. 1. No lead-time variance can be learnt: see findings.
select
    AccountNumber as id,
    Name as name,
    ActiveFlag as is_active,
    (CreditRating - 1) / 4 as risk
from Vendor
