-- Appends publications to a channel's history and publishes them, in one step.
--
-- KEYS  meta (hash), history (stream), last message (string), its publish id (string)
-- ARGV  token, epoch, known offset, history size, history ttl in ms, mark channel, mark's digests ("COUNT DIGEST ..."; "" for no mark),
--       index of the publication that becomes the last message (0 for none), its expire in s, publish id value ("" for none), its expire in s,
--       channel; then five per publication: payload, publish id, origin, shared ("1" or ""), foreign ("1" or "")
-- Reply {1, first offset} | {2} a later owner has taken over | {3} the epoch is gone or has lost publications
--
-- meta: epoch, offset (newest), token (owner's), last (sha1 of the last message that the history has held).
-- history: entry ids OFFSET-0; d payload, i publish id, o origin, s "1" if it went to several channels. Absent ones are left out.
-- mark: "1 TOKEN EPOCH FIRST COUNT DIGEST...". Extend only: old and new versions share one Redis during a deploy.
local meta = redis.call('HMGET', KEYS[1], 'epoch', 'offset', 'token', 'last')
if not meta[1] then return {3} end
if tonumber(meta[3] or '0') > tonumber(ARGV[1]) then return {2} end

local offset = tonumber(meta[2] or '0')
if meta[1] ~= ARGV[2] or offset < tonumber(ARGV[3]) then return {3} end

local first = offset + 1
local foreign = {}
for i = 13, #ARGV, 5 do
  offset = offset + 1
  local entry = {'XADD', KEYS[2], 'MAXLEN', '=', ARGV[4], string.format('%.0f-0', offset), 'd', ARGV[i]}
  if ARGV[i + 1] ~= '' then entry[#entry + 1] = 'i'; entry[#entry + 1] = ARGV[i + 1] end
  if ARGV[i + 2] ~= '' then entry[#entry + 1] = 'o'; entry[#entry + 1] = ARGV[i + 2] end
  if ARGV[i + 3] ~= '' then entry[#entry + 1] = 's'; entry[#entry + 1] = '1' end
  redis.call(unpack(entry))
  if ARGV[i + 4] ~= '' then foreign[#foreign + 1] = ARGV[i] end
end
redis.call('PEXPIRE', KEYS[2], ARGV[5])

local last = meta[4] or ''
local index = tonumber(ARGV[8])
if index > 0 then
  local payload = ARGV[8 + 5 * index]
  redis.call('SETEX', KEYS[3], ARGV[9], payload)
  last = redis.sha1hex(payload)
elseif #foreign > 0 then
  -- Foreign publishers set the last message themselves, before they publish: it has now been in the history.
  local value = redis.pcall('GET', KEYS[3])
  for _, payload in ipairs(foreign) do
    if payload == value then last = redis.sha1hex(value) break end
  end
end
if ARGV[10] ~= '' then redis.call('SETEX', KEYS[4], ARGV[11], ARGV[10]) end

redis.call('HSET', KEYS[1], 'offset', string.format('%.0f', offset), 'last', last)
redis.call('EXPIRE', KEYS[1], 2592000)

if ARGV[7] ~= '' then
  redis.call('PUBLISH', ARGV[6], '1 ' .. ARGV[1] .. ' ' .. ARGV[2] .. ' ' .. string.format('%.0f', first) .. ' ' .. ARGV[7])
  for i = 13, #ARGV, 5 do
    if ARGV[i + 4] == '' then redis.call('PUBLISH', ARGV[12], ARGV[i]) end
  end
end
return {1, string.format('%.0f', first)}
