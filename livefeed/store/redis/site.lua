-- The index at one moment. ARGV: how many breaking updates.
-- Answers {epoch, top, {coverage, ...}, {rank, ...}, {update, ...}}.

local ranked = redis.call('ZREVRANGEBYSCORE', key('breaking'), '+inf', '-inf', 'WITHSCORES', 'LIMIT', 0, ARGV[1])
local ids, ranks = {}, {}
for place = 1, #ranked, 2 do
  ids[#ids + 1] = ranked[place]
  ranks[#ranks + 1] = ranked[place + 1]
end
local coverages = fields(key('coverages'), redis.call('ZRANGE', key('opened'), 0, -1))
return { current_epoch(), top('site'), coverages, ranks, fields(key('updates'), ids) }
