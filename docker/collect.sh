#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# collect.sh BUILD OUT: makes OUT the root of an image that holds the programs of the build folder BUILD and all that they need:
# shared libraries, certificates, time zones, a user, and the licences of what is included; and the contract as a descriptor
# set, for clients that read it from the image.
set -eu

readonly PROGRAMS="amends amends-intake amends-assignment amends-resolution amendsctl"
build=$1
out=$2

mkdir -p "$out/usr/local/bin" "$out/usr/local/share/amends" "$out/etc/ssl/certs" "$out/usr/share/doc"
install -m 0644 "$build/generated/amends.binpb" "$out/usr/local/share/amends/amends.binpb"
for program in $PROGRAMS; do
    install -s -m 0755 "$build/bin/$program" "$out/usr/local/bin/$program"
done

# Lines of ldd are "name => /path (address)" or, for the loader, "/path (address)".
libraries=$(for program in "$out"/usr/local/bin/*; do ldd "$program"; done)
if echo "$libraries" | grep 'not found' >&2; then
    exit 1
fi
paths=$(echo "$libraries" | awk '$2 == "=>" && $3 ~ /^\// { print $3 } $1 ~ /^\// { print $1 }' | sort -u)
for path in $paths; do
    mkdir -p "$out$(dirname "$path")"
    cp -L "$path" "$out$path"
done

# Debian merges /lib into /usr/lib, dpkg knows a file by one of the two names.
for path in $paths; do
    real=$(readlink -f "$path")
    package=$(dpkg -S "$real" "${real#/usr}" 2>/dev/null | head -n 1 | cut -d : -f 1)
    if [ -n "$package" ] && [ -e "/usr/share/doc/$package/copyright" ]; then
        mkdir -p "$out/usr/share/doc/$package"
        cp -L "/usr/share/doc/$package/copyright" "$out/usr/share/doc/$package/copyright"
    fi
done

# A table of it is within the programs.
mkdir -p "$out/usr/share/doc/unicode-cldr-core"
cp -L /usr/share/doc/unicode-cldr-core/copyright "$out/usr/share/doc/unicode-cldr-core/"

cp -L /etc/ssl/certs/ca-certificates.crt "$out/etc/ssl/certs/"
cp -R /usr/share/zoneinfo "$out/usr/share/zoneinfo"
echo 'nonroot:x:65532:65532:nonroot:/:/sbin/nologin' >"$out/etc/passwd"
echo 'nonroot:x:65532:' >"$out/etc/group"
# Without this file names of /etc/hosts, localhost among them, are asked of DNS first.
echo 'hosts: files dns' >"$out/etc/nsswitch.conf"
