# SPDX-License-Identifier: Apache-2.0
#
# The pure part of resolution: no database, no network.

add_library(amends_resolution_decide STATIC
    decide_close.c
    decide_contact.c
    decide_fulfilment.c
    decide_pause.c
    decide_promise.c
    decide_remedy.c
    decide_reopen.c
    promise.c
    remedy.c
    validate.c)
target_link_libraries(amends_resolution_decide PUBLIC amends_case)
