-- SPDX-License-Identifier: Apache-2.0
-- kind: alter
--
-- An erasure destroys the customer's key once their cases are erased, and begun_at moves to after that. A key that was made later
-- than key_until is that of a customer who came back, and stays. Null = nothing was destroyed yet.
alter table customer_erasure add column key_until timestamptz;
