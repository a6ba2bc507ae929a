-- A page of a channel's history, with the position at the same moment.
--
-- KEYS  meta (hash), history (stream)
-- ARGV  first entry id wanted ("OFFSET-0"), most entries, most payload bytes (at least one entry is given), "back" for newest first
-- Reply {} without history | {epoch, offset, oldest offset, entries as XRANGE gives them}
local meta = redis.call('HMGET', KEYS[1], 'epoch', 'offset')
if not meta[1] then return {} end

local offset = meta[2] or '0'
local oldest = string.format('%.0f', tonumber(offset) + 1)
local head = redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', 1)[1]
if head then oldest = string.match(head[1], '^%d+') end

local back = ARGV[4] == 'back'
local page, from, count, bytes = {}, ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
while #page < count do
  -- In portions: a page that its bytes end early must not cost the whole history.
  local portion = math.min(32, count - #page)
  local entries
  if back then entries = redis.call('XREVRANGE', KEYS[2], from, '-', 'COUNT', portion)
  else entries = redis.call('XRANGE', KEYS[2], from, '+', 'COUNT', portion) end
  for _, entry in ipairs(entries) do
    local fields = entry[2]
    for i = 1, #fields, 2 do
      if fields[i] == 'd' then bytes = bytes - #fields[i + 1] end
    end
    if bytes < 0 and #page > 0 then return {meta[1], offset, oldest, page} end
    page[#page + 1] = entry
  end
  if #entries < portion then break end
  from = string.format('%.0f-0', tonumber(string.match(entries[#entries][1], '^%d+')) + (back and -1 or 1))
end
return {meta[1], offset, oldest, page}
