-- Part of the audit log. ARGV: an index ('' for none), the numbers' bounds as of a sorted set, '1' for the
-- newest first, limit. Answers {number, entry, number, entry, ...}; an entry is time and payload, a line each.

local index, least, most, backwards, limit = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4] == '1', tonumber(ARGV[5])
local numbers = {}
if index ~= '' then
  if backwards then
    numbers = redis.call('ZREVRANGEBYSCORE', key(index), most, least, 'LIMIT', 0, limit)
  else
    numbers = redis.call('ZRANGEBYSCORE', key(index), least, most, 'LIMIT', 0, limit)
  end
else
  most = math.min(most, tonumber(redis.call('HGET', META, 'acts') or '0'))
  local first, last, step = least, math.min(most, least + limit - 1), 1
  if backwards then
    first, last, step = most, math.max(least, most - limit + 1), -1
  end
  for number = first, last, step do
    numbers[#numbers + 1] = string.format('%.0f', number)
  end
end
local found = {}
for place, entry in ipairs(fields(key('acts'), numbers)) do
  found[#found + 1] = numbers[place]
  found[#found + 1] = entry
end
return found
