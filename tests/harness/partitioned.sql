-- SPDX-License-Identifier: Apache-2.0
--
-- Makes every table of tenants' rows anew, partitioned by hash of tenant_id: nothing that the services say may depend
-- on a tenant's rows lying in one table. Runs on empty or small tables, after the migrations, before the foreign keys.

do $$
declare
    one record;
    made record;
    part int;
    storage text;
begin
    for one in
        select c.oid, c.relname, array_to_string(c.reloptions, ', ') as storage
          from pg_class c
          join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
         where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relname <> 'tenant'
    loop
        storage := coalesce(' with (' || one.storage || ')', '');
        execute format('alter table %I rename to old_one', one.relname);
        execute format('create table %I (like old_one including defaults including storage) partition by hash (tenant_id)',
                       one.relname);
        for part in 0..3 loop
            execute format('create table %I partition of %I for values with (modulus 4, remainder %s)%s',
                           one.relname || '_p' || part, one.relname, part, storage);
        end loop;
        execute format('insert into %I select * from old_one', one.relname);
        for made in
            select i.indexrelid, c.relname, pg_get_indexdef(i.indexrelid) as definition, k.conname,
                   pg_get_constraintdef(k.oid) as condition
              from pg_index i
              join pg_class c on c.oid = i.indexrelid
              left join pg_constraint k on k.conindid = i.indexrelid and k.contype in ('p', 'u')
             where i.indrelid = one.oid
             order by i.indexrelid
        loop
            execute format('alter index %I rename to %I', made.relname, 'old_' || made.relname);
            if made.conname is not null then
                execute format('alter table %I add constraint %I %s', one.relname, made.conname, made.condition);
            else
                execute replace(made.definition, ' ON public.old_one ', format(' ON public.%I ', one.relname));
            end if;
        end loop;
        execute 'drop table old_one';
    end loop;
end
$$;
