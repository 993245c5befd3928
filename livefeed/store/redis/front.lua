-- A coverage's first page at one moment.
-- ARGV: slug, how many updates, how many key events, how many breaking ones.
-- Answers {epoch, top, coverage, total, pinned id, ids of updates, of key events, of breaking ones,
-- {id, state, id, state, ...}}, or {epoch, top} when there is no such coverage.

local slug = ARGV[1]
local reply = { current_epoch(), top('live:' .. slug) }
local coverage = redis.call('HGET', key('coverages'), slug)
if not coverage then
  return reply
end

local pinned = string.match(coverage, '^%d+\n([^\n]*)\n')
local lists = { { pinned } }
for place, name in ipairs({ 'published', 'key_events', 'breaking' }) do
  lists[place + 1] = redis.call('ZREVRANGEBYSCORE', key(name, slug), '+inf', '-inf', 'LIMIT', 0, ARGV[place + 1])
end

local wanted, seen = {}, {}
for _, ids in ipairs(lists) do
  for _, id in ipairs(ids) do
    if not seen[id] then
      seen[id] = true
      wanted[#wanted + 1] = id
    end
  end
end
local states = {}
for place, state in ipairs(fields(key('updates'), wanted)) do
  states[#states + 1] = wanted[place]
  states[#states + 1] = state
end
return {
  reply[1], reply[2], coverage, redis.call('ZCARD', key('published', slug)), pinned,
  lists[2], lists[3], lists[4], states,
}
