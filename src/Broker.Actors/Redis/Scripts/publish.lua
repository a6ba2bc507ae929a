-- History off: the last message and the publishes in one step, so that nobody reads a last message that is yet to arrive.
--
-- KEYS  last message (string) = the channel; optionally its publish id (string)
-- ARGV  index of the publication that becomes the last message (0 for none), its expire in s, publish id value ("" for none), its expire in s,
--       then the payloads
if ARGV[1] ~= '0' then redis.call('SETEX', KEYS[1], ARGV[2], ARGV[4 + tonumber(ARGV[1])]) end
if ARGV[3] ~= '' and KEYS[2] then redis.call('SETEX', KEYS[2], ARGV[4], ARGV[3]) end
for i = 5, #ARGV do redis.call('PUBLISH', KEYS[1], ARGV[i]) end
