# SPDX-License-Identifier: Apache-2.0
#
# cmake -DOUT=<file.c> -DFILE=<windowsZones.xml> -P windows_zones.cmake
#
# Writes Unicode CLDR's table of the time zones of Windows as C: each name with the zone of the tz
# database that stands for it where no country is named.

file(STRINGS ${FILE} lines REGEX "<mapZone [^>]*territory=\"001\"")
set(rows "")
foreach(line IN LISTS lines)
    if(line MATCHES "other=\"([^\"]+)\" territory=\"001\" type=\"([^\" ]+)\"")
        string(APPEND rows "    {\"${CMAKE_MATCH_1}\", \"${CMAKE_MATCH_2}\"},\n")
    endif()
endforeach()
if(rows STREQUAL "")
    message(FATAL_ERROR "${FILE} has no time zones of Windows")
endif()
file(WRITE ${OUT} "/* Generated from CLDR's windowsZones.xml. */\n\n"
     "#include \"calendar/ical_impl.h\"\n\nconst struct ical_windows_zone ical_windows_zones[] = {\n"
     "${rows}    {0, 0},\n};\n")
