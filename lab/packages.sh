# Sourced by setup and build-arm64: packages of Debian suites, unpacked in trees of their own under the lab's work
# directory. The host's apt and dpkg state is neither read nor changed; only the address of its archive is taken.
# shellcheck shell=bash

WORK=${LAB_WORK:-${XDG_CACHE_HOME:-$HOME/.cache}/hwcr-lab}

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() {
    say "$@"
    exit 2
}

# The comment block at the head of the script is its help.
usage() {
    sed -n '2,/^$/s/^# \{0,1\}//p' "$0"
    exit "${1:-0}"
}

need_commands() {
    local command missing=()
    for command in "$@"; do
        command -v "$command" > /dev/null || missing+=("$command")
    done
    [ ${#missing[@]} = 0 ] || die "needed and not found on this host: ${missing[*]}"
}

# LAB_MIRROR, or the first archive of the host's own sources that is not that of security updates.
mirror() {
    local found=${LAB_MIRROR:-}
    [ -n "$found" ] || found=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2> /dev/null |
        grep -E '^(deb |URIs:)' | grep -oE '[a-z]+://[^] ]*/debian(/[^ ]*)?' | head -n 1)
    [ -n "$found" ] || die "the host's apt sources name no Debian archive: put the address of one in LAB_MIRROR"
    echo "$found"
}

# apt_state ARCH SUITE: makes apt's state for one suite of one architecture, and prints its configuration file.
apt_state() {
    local arch=$1 suite=$2 root=$WORK/apt/$2-$1
    if [ ! -e "$root/apt.conf" ]; then
        mkdir -p "$root"/etc/{apt.conf.d,preferences.d,trusted.gpg.d} "$root"/lib/lists/partial "$root"/cache/archives/partial
        : > "$root/lib/status"
        # How this host reaches archives (proxies and the like) holds for the lab too.
        { grep -lsr '^ *Acquire' /etc/apt/apt.conf /etc/apt/apt.conf.d || true; } | xargs -r -d '\n' cp -t "$root/etc/apt.conf.d"
        echo "deb [arch=$arch signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(mirror) $suite main" > "$root/etc/sources.list"
        cat > "$root/new.conf" << CONF
Dir "$root";
Dir::Etc "$root/etc";
Dir::State "$root/lib";
Dir::State::status "$root/lib/status";
Dir::Cache "$root/cache";
APT::Architecture "$arch";
APT::Architectures { "$arch"; };
APT::Sandbox::User "$(id -un)";
APT::Install-Recommends "false";
Acquire::Languages "none";
CONF
        # A dated snapshot of the archive is past the date until which it calls itself valid.
        [ -z "${LAB_MIRROR:-}" ] || echo 'Acquire::Check-Valid-Until "false";' >> "$root/new.conf"
        APT_CONFIG=$root/new.conf apt-get update -qq >&2 || die "cannot read the lists of $suite/$arch"
        mv "$root/new.conf" "$root/apt.conf"
    fi
    echo "$root/apt.conf"
}

# with_fresh_lists CONFIG COMMAND...: a list that is older than the archive names packages that are gone.
with_fresh_lists() {
    local -x APT_CONFIG=$1
    shift
    "$@" > "$WORK/apt.log" 2>&1 && return
    apt-get update -qq >&2
    "$@" > "$WORK/apt.log" 2>&1 || {
        tail -n 5 "$WORK/apt.log" >&2
        die "apt failed: $*"
    }
}

# fetch DIR ARCH SUITE PACKAGE...: downloads packages and all they depend on to DIR.
fetch() {
    local dir=$1 arch=$2 suite=$3 config
    shift 3
    config=$(apt_state "$arch" "$suite")
    mkdir -p "$dir/partial"
    with_fresh_lists "$config" apt-get install -y --download-only -o Dir::Cache::archives="$dir/" "$@"
}

# fetch_alone DIR ARCH SUITE PACKAGE...: downloads just these.
fetch_alone() {
    local dir=$1 arch=$2 suite=$3 config
    shift 3
    config=$(apt_state "$arch" "$suite")
    mkdir -p "$dir"
    (cd "$dir" && with_fresh_lists "$config" apt-get download "$@")
}

# unpack TREE DEB...
unpack() {
    local tree=$1 deb
    shift
    mkdir -p "$tree"
    for deb in "$@"; do dpkg -x "$deb" "$tree"; done
}

# wrapper FILE TREE PROGRAM ARGUMENT...: FILE runs PROGRAM of TREE with the loader and the libraries of that tree, so that
# the host's libc may be older.
wrapper() {
    local file=$1 tree=$2 program=$3 libraries
    shift 3
    libraries=$tree/usr/lib/x86_64-linux-gnu
    mkdir -p "${file%/*}"
    cat > "$file" << WRAPPER
#!/bin/sh
exec "$libraries/ld-linux-x86-64.so.2" --library-path "$(find "$libraries" -maxdepth 1 -type d | paste -sd :)" "$tree/usr/$program" $* "\$@"
WRAPPER
    chmod +x "$file"
}
