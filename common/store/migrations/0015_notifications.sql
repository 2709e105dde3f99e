-- SPDX-License-Identifier: Apache-2.0
-- kind: alter
--
-- What a notification tells of and asks for, and who took notice; enumerations are the numbers of
-- proto/amends/v1/notification_service.proto. `state` is 1 until it is acknowledged, and 2 then. A replica that does not know the
-- columns writes rows with state 1: nobody has taken notice of them, and what they ask is not said.
alter table notification add column seq int8 not null default 0;     -- the event that tells of the same; 0 = not known
alter table notification add column level int2 not null default 0;   -- of the case then; 0 = not known
alter table notification add column cause int2 not null default 0;   -- NotificationCause
alter table notification add column ask int2 not null default 0;     -- NotificationAsk
alter table notification add column urgent boolean not null default false;
alter table notification add column acknowledged_at timestamptz;
alter table notification add column acknowledged_by text collate "C" not null default '';
-- Where an agent's notifications are mailed to, and in which language; '' = nowhere, and English.
alter table agent add column email text not null default '';
alter table agent add column notice_language text collate "C" not null default '';
