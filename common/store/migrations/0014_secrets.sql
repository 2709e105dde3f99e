-- SPDX-License-Identifier: Apache-2.0
-- kind: alter
--
-- Secrets that all replicas of this database share, one a purpose: "tokens" signs page and resume tokens. `amends migrate` draws
-- them. What a secret protects is worth no more than the database, so it may lie in it.

create table secret (
    purpose text collate "C" not null,
    bytes bytea not null,
    primary key (purpose)
);
