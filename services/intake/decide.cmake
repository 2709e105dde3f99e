# SPDX-License-Identifier: Apache-2.0
#
# The pure part of intake: no database, no network.

add_library(amends_intake_decide STATIC decide.c decide_migrate.c validate.c)
target_link_libraries(amends_intake_decide PUBLIC amends_case)
