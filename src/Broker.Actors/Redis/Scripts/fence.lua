-- On Redis Cluster: a message behind all that the node of a slot has published. KEYS a key of the slot; ARGV fence channel, number.
return redis.call('PUBLISH', ARGV[1], ARGV[2])
