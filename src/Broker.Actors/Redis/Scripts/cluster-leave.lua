-- Ends a node's membership. Its shards are then free to be claimed.
--
-- KEYS  nodes (hash), the node's lease (string), its banishment (string); one slot
-- ARGV  node, for how many ms it may not come back (0: it has left by itself)
redis.call('DEL', KEYS[2])
redis.call('HDEL', KEYS[1], ARGV[1])
if tonumber(ARGV[2]) > 0 then redis.call('SET', KEYS[3], '', 'PX', ARGV[2]) end
return 1
