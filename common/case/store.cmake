# SPDX-License-Identifier: Apache-2.0
#
# The impure half of the aggregate: tables, segments, reads, tenants, migrations.

file(GLOB migration_files CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/migrations/*.sql)
list(SORT migration_files)
set(migrations_c ${CMAKE_CURRENT_BINARY_DIR}/migrations.c)
add_custom_command(
    OUTPUT ${migrations_c}
    COMMAND ${CMAKE_COMMAND} -DOUT=${migrations_c} "-DFILES=${migration_files}"
            -P ${CMAKE_CURRENT_LIST_DIR}/embed_migrations.cmake
    DEPENDS ${migration_files} ${CMAKE_CURRENT_LIST_DIR}/embed_migrations.cmake
    VERBATIM)

add_library(amends_store STATIC
    migrate.c
    migrate_check.c
    store.c
    store_list.c
    store_load.c
    store_policy.c
    store_read.c
    store_route.c
    store_seg_decide.c
    store_seg_read.c
    store_seg_write.c
    store_stmts.c
    table.c
    table_rows.c
    table_sql.c
    tenants.c
    tenants_known.c
    tenants_load.c
    tenants_lookup.c
    ${migrations_c})
target_link_libraries(amends_store PUBLIC amends_case amends_policy amends_pg amends_io amends_proto)
