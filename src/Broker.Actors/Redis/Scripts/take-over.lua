-- Makes the caller the owner of a channel's history: raises the owner token, decides whether the epoch goes on, puts a mark.
--
-- KEYS  meta (hash), history (stream), last message (string)
-- ARGV  new epoch, known epoch ("" for none), known offset, force a new epoch ("1" or ""), mark channel, history size
-- Reply {token, epoch, offset, is new (0 or 1), unknown last message (sha1, or ""), offset, publish id, offset, publish id, ...}
--
-- A new epoch needs proof that the old one lost something: meta gone; an offset below what was delivered; a history ahead of its meta. A last message
-- that no history has held is only told: its own publication may have reached the caller, who is to append it. See append.lua for the keys.
local meta = redis.call('HMGET', KEYS[1], 'epoch', 'offset', 'token', 'last')
local epoch, offset = meta[1], tonumber(meta[2] or '0')

local time = redis.call('TIME')
local token = math.max(tonumber(meta[3] or '0') + 1, time[1] * 1000000 + time[2])

local value = redis.pcall('GET', KEYS[3])
local last = type(value) == 'string' and redis.sha1hex(value) or ''

-- What a larger size of former days has left over would be read in vain; the next append would cut it off too.
redis.call('XTRIM', KEYS[2], 'MAXLEN', '=', ARGV[6])
local ids, held, newest, from = {}, offset == 0 or last == '' or last == meta[4], 0, '-'
repeat -- In portions: the whole history need not fit into Lua.
  local entries = redis.call('XRANGE', KEYS[2], from, '+', 'COUNT', 64)
  for _, entry in ipairs(entries) do
    local id, fields = string.match(entry[1], '^%d+'), entry[2]
    newest = tonumber(id)
    for i = 1, #fields, 2 do
      if fields[i] == 'd' and fields[i + 1] == value then held = true end
      if fields[i] == 'i' then ids[#ids + 1] = id; ids[#ids + 1] = fields[i + 1] end
    end
  end
  from = string.format('%.0f-0', newest + 1)
until #entries < 64

local isNew, unknown = 0, ''
if not epoch or ARGV[4] ~= '' or (epoch == ARGV[2] and offset < tonumber(ARGV[3])) or newest > offset then
  epoch, offset, isNew, ids = ARGV[1], 0, 1, {}
  redis.call('DEL', KEYS[2])
elseif not held then
  last, unknown = meta[4] or '', last
end

local text = string.format('%.0f', token)
redis.call('HSET', KEYS[1], 'epoch', epoch, 'offset', string.format('%.0f', offset), 'token', text, 'last', last)
redis.call('EXPIRE', KEYS[1], 2592000)
redis.call('PUBLISH', ARGV[5], '1 ' .. text .. ' ' .. epoch .. ' ' .. string.format('%.0f', offset) .. ' 0')

local reply = {text, epoch, string.format('%.0f', offset), isNew, unknown}
for i = 1, #ids do reply[5 + i] = ids[i] end
return reply
