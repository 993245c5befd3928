-- ARGV: the attempt, kind, name, the version expected ('' for any).
-- Answers {'ok', '1'}, {'ok', '0'} when there was none, or {'conflict'}.

local done = remembered()
if done then
  return done
end
local record = key('record', ARGV[2], ARGV[3])
local version = redis.call('HGET', record, 'version') or '0'
if ARGV[4] ~= '' and version ~= ARGV[4] then
  return { 'conflict' }
end
redis.call('ZREM', key('records', ARGV[2]), ARGV[3])
return remember({ 'ok', tostring(redis.call('DEL', record)) })
