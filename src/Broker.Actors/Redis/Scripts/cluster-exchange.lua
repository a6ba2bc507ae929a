-- One step of a node of the cluster: renews its lease, makes its moves, then its claims, and answers with what is so now.
--
-- KEYS  nodes (hash), shards (hash), and what the names of leases and of banishments begin with; one slot
-- ARGV  node, terms, takes ("|type|type|"), record, lease in ms, version that the node knows, version if this step changes the shards,
--       number of moves, per move: shard ("type:number"), node that it goes to ("" for nobody); then the shards that it claims
-- Reply {"banished"} | {"refused", terms of a member} |
--       {"done", 1 if the lease was there, version, {node, record, ms left, ...}, shards as they are}; the last is left out if the version is the known one
--
-- nodes: node → terms, takes and record, a line each. Those without a lease are dead and are taken out. shards: shard → node, true as long as the node lives;
-- and "version", in the same hash, so that neither is ever there without the other.
local node = ARGV[1]
if redis.call('EXISTS', KEYS[4] .. node) == 1 then return {'banished'} end

local takes, records, left, others = {}, {}, {}, {}
local known = redis.call('HGETALL', KEYS[1])
local had = redis.call('EXISTS', KEYS[3] .. node)
for i = 1, #known, 2 do
  local id = known[i]
  local ms = redis.call('PTTL', KEYS[3] .. id)
  if id ~= node then
    if ms < 0 then
      redis.call('HDEL', KEYS[1], id)
    else
      local terms, taken, record = string.match(known[i + 1], '^([^\n]*)\n([^\n]*)\n(.*)$')
      if had == 0 and terms ~= ARGV[2] then return {'refused', terms} end
      takes[id], records[id], left[id] = taken, record, ms
      others[#others + 1] = id
    end
  end
end

redis.call('SET', KEYS[3] .. node, '', 'PX', ARGV[5])
redis.call('HSET', KEYS[1], node, ARGV[2] .. '\n' .. ARGV[3] .. '\n' .. ARGV[4])
takes[node] = ARGV[3]

local changed = false
local claims = 9 + 2 * tonumber(ARGV[8])
for i = 9, claims - 1, 2 do
  local shard, to = ARGV[i], ARGV[i + 1]
  if to ~= node and redis.call('HGET', KEYS[2], shard) == node then
    changed = true
    local kind = string.match(shard, '^(.*):[^:]*$')
    if takes[to] and string.find(takes[to], '|' .. kind .. '|', 1, true) then
      redis.call('HSET', KEYS[2], shard, to)
    else
      redis.call('HDEL', KEYS[2], shard)
    end
  end
end

for i = claims, #ARGV do
  local owner = redis.call('HGET', KEYS[2], ARGV[i])
  if not owner or (owner ~= node and not takes[owner]) then
    changed = true
    redis.call('HSET', KEYS[2], ARGV[i], node)
  end
end

if changed then redis.call('HSET', KEYS[2], 'version', ARGV[7]) end

local living = {node, ARGV[4], tonumber(ARGV[5])}
for _, id in ipairs(others) do
  living[#living + 1] = id
  living[#living + 1] = records[id]
  living[#living + 1] = left[id]
end

local version = redis.call('HGET', KEYS[2], 'version') or ''
if version == ARGV[6] then return {'done', had, version, living} end
return {'done', had, version, living, redis.call('HGETALL', KEYS[2])}
