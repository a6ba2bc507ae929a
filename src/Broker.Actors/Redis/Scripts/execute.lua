-- Runs a command for the gateway and keeps back a reply that is too long, before it leaves Redis.
--
-- KEYS  a key of the command's slot
-- ARGV  most bytes, command, its arguments
-- Reply {the command's reply} | {} it is too long; the command is carried out all the same | the command's error
local left = tonumber(ARGV[1])

-- No more than it takes as JSON: what is kept back would not have fitted.
local function count(reply)
  if type(reply) == 'string' then
    left = left - #reply - 2
  elseif type(reply) == 'table' then
    for _, item in ipairs(reply) do
      left = left - 1
      count(item)
      if left < 0 then return end
    end
  end
end

local reply = redis.pcall(unpack(ARGV, 2))
if type(reply) == 'table' and reply.err then return reply end

count(reply)
if left < 0 then return {} end
return {reply}
