-- What is filed under a rubric at one moment. ARGV: the rubric, how many updates.
-- Answers {epoch, how often it changed (0: nothing was ever filed there), state, state, ...}.

local ids = redis.call('ZREVRANGEBYSCORE', key('filed', ARGV[1]), '+inf', '-inf', 'LIMIT', 0, ARGV[2])
local changes = tonumber(redis.call('HGET', key('rubrics'), ARGV[1]) or '0')
local found = fields(key('updates'), ids)
table.insert(found, 1, changes)
table.insert(found, 1, current_epoch())
return found
