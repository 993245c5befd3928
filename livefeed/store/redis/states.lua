-- States at one moment. ARGV: how they are found, then what that way needs.
-- Answers {epoch, state, state, ...}; one that is gone is false.

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
