-- ARGV: the attempt, kind, name, value, the version expected ('' for any), expiry in microseconds as it is shown
-- and in milliseconds as Redis keeps it ('' for never).
-- Answers {'ok', version} or {'conflict'}.

local done = remembered()
if done then
  return done
end
local record, names = key('record', ARGV[2], ARGV[3]), key('records', ARGV[2])
local version = tonumber(redis.call('HGET', record, 'version') or '0')
if ARGV[5] ~= '' and version ~= tonumber(ARGV[5]) then
  return { 'conflict' }
end

version = string.format('%.0f', version + 1)
redis.call('HSET', record, 'value', ARGV[4], 'version', version, 'expires', ARGV[6])
if ARGV[6] == '' then
  redis.call('PERSIST', record)
  redis.call('ZADD', names, '+inf', ARGV[3])
else
  redis.call('PEXPIREAT', record, ARGV[7])
  redis.call('ZADD', names, ARGV[7], ARGV[3])
end
local now = redis.call('TIME')
redis.call('ZREMRANGEBYSCORE', names, '-inf', now[1] * 1000 - 1) -- names of records that Redis has expired
return remember({ 'ok', version })
