-- SPDX-License-Identifier: Apache-2.0
-- kind: alter
--
-- What an inbound contact asks for: ContactAsk. 1 = an answer, which is what contacts of before meant.

alter table contact_attempt add column asks int2 not null default 1;
