-- Raises a number, and lengthens its time. KEYS number; ARGV value, time in ms.
-- Only the digits at its head are read: there was a form with the end of its time behind them.
local known = string.match(redis.call('GET', KEYS[1]) or '', '^%d+')
local value = math.max(tonumber(ARGV[1]), tonumber(known or 0))
local time = math.max(tonumber(ARGV[2]), redis.call('PTTL', KEYS[1]))
redis.call('SET', KEYS[1], string.format('%.0f', value), 'PX', string.format('%.0f', time))
return 1
