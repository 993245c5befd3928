-- Every unexpired record of a kind. ARGV: kind. Answers {{name, value, version, expiry}, ...}.

local found = {}
for _, name in ipairs(redis.call('ZRANGE', key('records', ARGV[1]), 0, -1)) do
  local record = redis.call('HMGET', key('record', ARGV[1], name), 'value', 'version', 'expires')
  if record[1] then
    found[#found + 1] = { name, record[1], record[2], record[3] }
  end
end
return found
