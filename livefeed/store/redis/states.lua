-- States at one moment. ARGV: how they are found, then what that way needs.
-- Answers {epoch, state, state, ...}; one that is gone is false.

-- A coverage that an older version opened is listed once, on the first request.
local function list_retracted(slug)
  if redis.call('SADD', key('retracted_listed'), slug) == 0 then
    return
  end
  local ids = redis.call('ZRANGE', key('published', slug), 0, -1)
  for place, entry in ipairs(fields(key('updates'), ids)) do
    -- Quotes inside of texts are escaped, so this is found in no text; decoding all would take long.
    if entry and string.find(entry, '"status":"retracted"', 1, true) then
      redis.call('ZADD', key('retracted', slug), redis.call('ZSCORE', key('published', slug), ids[place]), ids[place])
    end
  end
end

local ways = {
  coverage = function(slug)
    return redis.call('HMGET', key('coverages'), slug)
  end,
  update = function(id)
    return redis.call('HMGET', key('updates'), id)
  end,
  before = function(slug, limit, order)
    local ids = redis.call('ZREVRANGEBYSCORE', key('published', slug), order, '-inf', 'LIMIT', 0, limit)
    return fields(key('updates'), ids)
  end,
  retracted = function(slug, limit, order)
    list_retracted(slug)
    local ids = redis.call('ZREVRANGEBYSCORE', key('retracted', slug), order, '-inf', 'LIMIT', 0, limit)
    return fields(key('updates'), ids)
  end,
  range = function(slug, first, last)
    return fields(key('updates'), redis.call('ZRANGE', key('published', slug), first, last))
  end,
  unpublished = function(slug, limit)
    local ids = redis.call('ZREVRANGEBYSCORE', key('unpublished', slug), '+inf', '-inf', 'LIMIT', 0, limit)
    return fields(key('updates'), ids)
  end,
  due = function(now, limit)
    return fields(key('updates'), redis.call('ZRANGEBYSCORE', key('due'), '-inf', now, 'LIMIT', 0, limit))
  end,
}

local found = ways[ARGV[1]](unpack(ARGV, 2))
table.insert(found, 1, current_epoch())
return found
