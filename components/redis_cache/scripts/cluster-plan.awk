# What must be said to whom, so that the servers of a sharded instance become one cluster and stay one.
#
# Reads, for each server that answers: "HOST KEYS", and "HOST LINE" for each line of its CLUSTER NODES.
# Given: LAYOUT (hosts of a shard with commas, shards with spaces; the first of a shard is at home as its primary) and
# CALM (looks in a row at which there was nothing to do).
# Prints "HOST WORDS" for each command, MEET with a host's name; "whole" if every slot has a server and nothing is to be done.
#
# Never: a reset, a flush, a shard's second owner, slots taken from a server that has them, a takeover without the others'
# votes. A dead server that still owns slots is not forgotten: whether its keys are lost is for a person to say.

BEGIN {
    SLOTS = 16384
    AFTER = 15 # looks; a primary that has just moved stays where it is for a while
    shards = split(LAYOUT, shard, " ")
    for (s = 1; s <= shards; s++) {
        size[s] = split(shard[s], member, ",")
        for (p = 1; p <= size[s]; p++) {
            host[s, p] = member[p]
            belongs[member[p]] = s
            all[++servers] = member[p]
        }
    }
}

NF == 2 { if ($2 ~ /^[0-9]+$/) keys[$1] = $2; next }

# HOST ID ADDRESS FLAGS PRIMARY PING PONG EPOCH LINK SLOTS...
NF >= 9 {
    flags = "," $4 ","
    if (flags ~ /,handshake,/) next
    split($3, address, ",")
    if (address[2] in belongs) named[$2] = address[2]
    if (flags ~ /,myself,/) {
        id[$1] = $2
        at[$2] = $1
        leads[$1] = flags ~ /,master,/
        follows[$1] = $5
        epoch[$1] = $8
    }
    known[$2] = 1
    sees[$1, $2] = 1
    linked[$1, $2] = $9 == "connected" && flags !~ /,noaddr,/
    if (flags ~ /,(fail|noaddr),/) lost[$2] = 1
    for (f = 10; f <= NF; f++) if ($f !~ /^\[/) claim[$1, $2, $f] = 1
}

function say(to, words) { commands++; print to, words }

function answers(h) { return (h in keys) && (h in id) }

function lives(i) { return (i in at) && answers(at[i]) }

# Who owns what, as ranges in order: a server that answers knows best about itself, and the others about one that is gone.
function collect(   key, part, ends, r) {
    for (key in claim) {
        split(key, part, SUBSEP)
        if (lives(part[2]) && part[1] != at[part[2]]) continue
        owns[part[2]] = 1
        if (split(part[3], ends, "-") == 1) ends[2] = ends[1]
        for (r = ++ranges; r > 1 && from[r - 1] > ends[1] + 0; r--) {
            from[r] = from[r - 1]
            to[r] = to[r - 1]
            by[r] = by[r - 1]
        }
        from[r] = ends[1] + 0
        to[r] = ends[2] + 0
        by[r] = part[2]
    }
}

# One introduces those whom nobody knows, and the others hear of them; who is known under an old address is told the new one.
function meet(   a, b, x, y, first) {
    for (a = 1; a <= servers; a++) {
        x = all[a]
        if (!answers(x)) continue
        if (first == "") first = x
        for (b = a + 1; b <= servers; b++) {
            y = all[b]
            if (!answers(y) || (linked[x, id[y]] && linked[y, id[x]])) continue
            if (x == first || sees[x, id[y]] || sees[y, id[x]]) say(x, "MEET " y)
        }
    }
}

# The server that a shard's others follow; none while its owner is gone and nobody has been elected.
function leader(s,   p, h, i, best) {
    best = ""
    for (p = 1; p <= size[s]; p++) {
        h = host[s, p]
        if (answers(h) && leads[h] && owns[id[h]] && (best == "" || epoch[h] > epoch[best])) best = h
    }
    if (best != "") return best
    for (i in owns) if (!lives(i)) {
        if (belongs[named[i]] == s) return ""
        for (p = 1; p <= size[s]; p++) if (answers(host[s, p]) && follows[host[s, p]] == i) return ""
    }
    for (p = 1; p <= size[s]; p++) if (answers(host[s, p]) && leads[host[s, p]]) return host[s, p]
    return ""
}

# Slots that nobody has are given to the shard whose part they are in when all shards have the same number.
function give(s,   last, next_free, r) {
    last = int(s * SLOTS / shards) - 1
    next_free = int((s - 1) * SLOTS / shards)
    if (lead[s] == "" || (keys[lead[s]] > 0 && !owns[id[lead[s]]])) return
    for (r = 1; r <= ranges && next_free <= last; r++) {
        if (to[r] < next_free) continue
        if (from[r] > next_free) say(lead[s], "ADDSLOTSRANGE " next_free " " (from[r] > last ? last : from[r] - 1))
        next_free = to[r] + 1
    }
    if (next_free <= last) say(lead[s], "ADDSLOTSRANGE " next_free " " last)
}

function follow(s,   p, h, i) {
    if (lead[s] == "") return
    i = id[lead[s]]
    for (p = 1; p <= size[s]; p++) {
        h = host[s, p]
        if (h == lead[s] || !answers(h) || !sees[h, i] || (leads[h] && owns[id[h]])) continue
        if (leads[h] || follows[h] != i) say(h, "REPLICATE " i)
    }
}

function forget(   i, a) {
    for (i in known) if (!lives(i) && (i in lost) && !(i in owns)) {
        for (a = 1; a <= servers; a++) if (sees[all[a], i] && follows[all[a]] != i) say(all[a], "FORGET " i)
    }
}

# Whether servers that answer have all slots between them.
function whole(   r, next_slot) {
    next_slot = 0
    for (r = 1; r <= ranges; r++) {
        if (!lives(by[r])) continue
        if (from[r] > next_slot) return 0
        if (to[r] >= next_slot) next_slot = to[r] + 1
    }
    return next_slot >= SLOTS
}

# Back to the first server of its shard: these are the ones that stand in different zones.
function go_home(   s) {
    for (s = 1; s <= shards; s++) {
        if (lead[s] == "" || lead[s] == host[s, 1] || !owns[id[lead[s]]]) continue
        if (follows[host[s, 1]] == id[lead[s]]) {
            say(host[s, 1], "FAILOVER")
            return
        }
    }
}

END {
    complete = 1
    for (a = 1; a <= servers; a++) if (!answers(all[a])) complete = 0
    collect()
    meet()
    for (s = 1; s <= shards; s++) lead[s] = leader(s)
    if (complete && !commands) for (s = 1; s <= shards; s++) give(s)
    for (s = 1; s <= shards; s++) follow(s)
    if (complete && !commands) forget()
    if (complete && !commands && whole() && CALM >= AFTER) go_home()
    if (!commands && whole()) print "whole"
}
