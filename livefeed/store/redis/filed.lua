-- What is filed under a rubric at one moment. ARGV: the rubric, how many of the newest updates, how many of those
-- changed last, after which change.
-- Answers {epoch, how often it changed (0: nothing was ever filed there), how often something left it,
-- {rank, state, rank, state, ...} of the newest, the same of those changed last}.

local function ranked(ids)
  local ranks = #ids > 0 and redis.call('ZMSCORE', key('filed', ARGV[1]), unpack(ids)) or {}
  local found = {}
  for place, state in ipairs(fields(key('updates'), ids)) do
    found[#found + 1] = ranks[place]
    found[#found + 1] = state
  end
  return found
end

local newest = redis.call('ZREVRANGEBYSCORE', key('filed', ARGV[1]), '+inf', '-inf', 'LIMIT', 0, ARGV[2])
local changed = redis.call('ZREVRANGEBYSCORE', key('refiled', ARGV[1]), '+inf', '(' .. ARGV[4], 'LIMIT', 0, ARGV[3])
return {
  current_epoch(),
  tonumber(redis.call('HGET', key('rubrics'), ARGV[1]) or '0'),
  tonumber(redis.call('HGET', key('left'), ARGV[1]) or '0'),
  ranked(newest),
  ranked(changed),
}
