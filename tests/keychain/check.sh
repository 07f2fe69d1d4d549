# Words shared by the scenes. Sourced.

# check SENTENCE COMMAND...: the command must succeed.
check() {
    local sentence=$1
    shift
    if "$@" >/dev/null 2>&1; then
        echo "ok - $sentence" | tee -a "$RESULTS"
    else
        echo "not ok - $sentence" | tee -a "$RESULTS"
    fi
}

# refuse SENTENCE COMMAND...: the command must fail, and of its own will (a signal
# or a panic is no refusal).
refuse() {
    local sentence=$1 status=0
    shift
    "$@" >/dev/null 2>&1 || status=$?
    check "$sentence" test "$status" -ge 1 -a "$status" -lt 100
}

keys() {
    "$SIGNALBOX" keys --data-dir "$DATA" "$@"
}

# What a command said, on either stream, is kept for the search for leaked keys.
said=$HOME/said
put() {
    printf '%s\n' "$2" | keys set "$1" 2>&1 | tee -a "$said"
    return "${PIPESTATUS[1]}"
}

# Read to its end: a reader that leaves at the first match breaks the pipe, and with it the check.
listed() { keys list 2>&1 | tee -a "$said" | grep -x "$1" >/dev/null; }
unlisted() { ! listed "$1"; }

# No file below a folder holds the text, whole or in base64 or hex.
nowhere() {
    local folder=$1 text=$2
    local base64 hex
    base64=$(printf '%s' "${text:3}" | base64 -w0 | cut -c1-20)
    hex=$(printf '%s' "$text" | od -An -tx1 | tr -d ' \n')
    ! grep -rqaF -e "$text" -e "$base64" -e "$hex" "$folder"
}

# Tries for up to ten seconds.
soon() {
    for _ in $(seq 100); do
        "$@" >/dev/null 2>&1 && return 0
        sleep 0.1
    done
    return 1
}
