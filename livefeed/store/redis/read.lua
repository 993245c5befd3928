-- Part of a channel's log at one moment.
-- ARGV: channel, the offset to start after ('' for the last `limit` events), limit, most payload bytes.
-- Answers {epoch, top, the offset started after, entry, entry, ...}; an entry is kind, order and payload, a
-- line each. The events stop before the first one that would exceed the bytes, but for the very first.

local channel, limit, budget = ARGV[1], tonumber(ARGV[3]), tonumber(ARGV[4])
local newest = top(channel)
local after = ARGV[2] == '' and math.max(0, newest - limit) or tonumber(ARGV[2])
local reply = { current_epoch(), newest, after }
local last = math.min(newest, after + limit)
local bytes = 0

for first = after + 1, last, 100 do
  local offsets = {}
  for offset = first, math.min(first + 99, last) do
    offsets[#offsets + 1] = offset
  end
  for place, entry in ipairs(redis.call('HMGET', key('log', channel), unpack(offsets))) do
    if not entry then
      return redis.error_reply('HOLE event ' .. offsets[place] .. ' of ' .. channel .. ' is missing')
    end
    local _, head = string.find(entry, '^%w+\n%d+\n')
    bytes = bytes + #entry - head
    if bytes > budget and #reply > 3 then
      return reply
    end
    reply[#reply + 1] = entry
  end
end
return reply
