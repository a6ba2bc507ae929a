-- One look of a node of Akka.NET at the nodes that are up: before it is up, for somebody to join; while it is up, so that others find it.
--
-- KEYS  nodes that are up (sorted set: entry -> when it runs out, ms), who founds the cluster (string: node and founding, a line each); one slot
-- ARGV  what: "look", "list" (for the first time), "stay" or "leave"; node, address, terms; founding of the cluster that it is in ("" if in none); how many ms an entry or a
--       right to found lives
-- Reply {founding if the node may found the cluster, or is listed; else "", entry, entry, ...}: those of the other nodes
--
-- An entry is founding, node, address and terms, a line each. A founding is the time when the right to it was given, in us: one cluster has one. The right goes to one node, if
-- nobody is up; it is over when that node is listed, or runs out. Who is not listed yet and finds another founding than its own listed is not: its cluster came second.
local what, node, address, terms, founding, ms = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], tonumber(ARGV[6])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)

local others, ours, theirs = {''}, false, false
for _, entry in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  local its, id, at = string.match(entry, '^([^\n]*)\n([^\n]*)\n([^\n]*)\n')
  if id == node or at == address then -- The node itself, or its former life: nobody is to join that one.
    redis.call('ZREM', KEYS[1], entry)
  else
    others[#others + 1] = entry
    ours = ours or its == founding
    theirs = theirs or its ~= founding
  end
end

local right = redis.call('GET', KEYS[2])
local isMine = right and string.match(right, '^[^\n]*') == node
if what == 'leave' then
  if isMine then redis.call('DEL', KEYS[2]) end
elseif what == 'look' then
  if #others == 1 and not right then
    right, isMine = string.format('%s\n%.0f', node, time[1] * 1000000 + time[2]), true
    redis.call('SET', KEYS[2], right, 'PX', ms)
  elseif #others == 1 and isMine then
    redis.call('PEXPIRE', KEYS[2], ms)
  end
  if #others == 1 and isMine then others[1] = string.match(right, '\n(.*)$') end
elseif what == 'stay' or ours or not theirs then
  redis.call('ZADD', KEYS[1], now + ms, table.concat({founding, node, address, terms}, '\n'))
  redis.call('PEXPIRE', KEYS[1], ms)
  if isMine then redis.call('DEL', KEYS[2]) end
  others[1] = founding
end

return others
