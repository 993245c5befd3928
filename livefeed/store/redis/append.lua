-- Commit one batch: check, number, keep, index, announce. All checks come before the first write, because
-- Redis does not undo the writes of a script that fails.
-- ARGV: the attempt, the plan (JSON, see plan.py), then the texts that the plan refers to by number from 1.
-- Answers {'ok', epoch, 'offset:order ...'} in the order of the facts, {'unsynced'}, {'behind', epoch},
-- {'used', first result} or {'conflict', subject}.

local plan = cjson.decode(ARGV[2])

local function text(number)
  return ARGV[2 + number]
end

-- A state is kept as four lines: its version, its order (update) or pinned id (coverage), the offset of its
-- newest live event (0: none), the payload.
local function state(kind, id)
  local entry = redis.call('HGET', key(kind), id)
  if not entry then
    return { version = 0, mark = '', offset = 0 }
  end
  local version, mark, offset = string.match(entry, '^(%d+)\n([^\n]*)\n(%d+)\n')
  return { version = tonumber(version), mark = mark, offset = tonumber(offset) }
end

local function keep(kind, id, old, mark, offset, payload)
  redis.call('HSET', key(kind), id, table.concat({ old.version + 1, mark, offset, payload }, '\n'))
end

local function list(name, belongs, score, id)
  if belongs then
    redis.call('ZADD', name, score, id)
  else
    redis.call('ZREM', name, id)
  end
end

local function use(subject, media)
  local former = redis.call('HGET', key('uses'), subject)
  if former then
    for _, id in ipairs(cjson.decode(former)) do
      redis.call('SREM', key('shown', id), subject)
    end
    redis.call('HDEL', key('uses'), subject)
  end
  for _, id in ipairs(media) do
    redis.call('SADD', key('media'), id)
    redis.call('SADD', key('shown', id), subject)
  end
  if #media > 0 then
    redis.call('HSET', key('uses'), subject, cjson.encode(media))
  end
end

local function names(kind, id)
  return cjson.decode(redis.call('HGET', key(kind), id) or '[]')
end

-- Something filed under a rubric changed: it is the last that did.
local function refile(name, id)
  redis.call('ZADD', key('refiled', name), redis.call('HINCRBY', key('rubrics'), name, 1), id)
end

local function unfile(name, id)
  redis.call('ZREM', key('filed', name), id)
  redis.call('ZREM', key('refiled', name), id)
  redis.call('HINCRBY', key('left'), name, 1)
end

-- File a public update under the rubrics that it has itself and those that its coverage has.
local function file(id, slug)
  local wanted, sorted = {}, {}
  for _, kind in ipairs({ { 'tagged', id }, { 'headed', slug } }) do
    for _, name in ipairs(names(kind[1], kind[2])) do
      if not wanted[name] then
        wanted[name] = true
        sorted[#sorted + 1] = name
      end
    end
  end
  local released = redis.call('ZSCORE', key('released'), id)
  for _, name in ipairs(names('filed_under', id)) do
    if not wanted[name] then
      unfile(name, id)
      redis.call('HINCRBY', key('rubrics'), name, 1)
    end
  end
  for _, name in ipairs(sorted) do
    redis.call('ZADD', key('filed', name), released, id)
    refile(name, id)
  end
  redis.call('HSET', key('filed_under'), id, cjson.encode(sorted))
end

local function index(update, order, offsets)
  local id, slug = update.id, update.coverage
  local listed = update.public and order > 0
  if listed then
    redis.call('ZADD', key('published', slug), order, id)
    if not redis.call('ZSCORE', key('released'), id) then
      redis.call('ZADD', key('released'), redis.call('HINCRBY', META, 'writes', 1), id)
    end
    if not update.withdrawn then -- its tags were emptied, but whoever has it must learn that it was withdrawn
      redis.call('HSET', key('tagged'), id, cjson.encode(update.rubrics))
      file(id, slug)
    else
      redis.call('HDEL', key('tagged'), id)
      for _, name in ipairs(names('filed_under', id)) do
        refile(name, id)
      end
    end
  end
  list(key('key_events', slug), listed and update.key_event, order, id)
  list(key('retracted', slug), listed and update.withdrawn, order, id)
  list(key('breaking', slug), listed and update.breaking, order, id)
  if not update.breaking then
    redis.call('ZREM', key('breaking'), id)
  elseif update.site > 0 then
    redis.call('ZADD', key('breaking'), 'NX', offsets[update.site], id) -- once given, a rank is kept
  end
  local written = not update.public and redis.call('HINCRBY', META, 'writes', 1)
  list(key('unpublished', slug), written, written, id)
  list(key('due'), update.due ~= '', update.due, id)
  use('update:' .. id, update.media)
  list_corrections(slug, id, update.corrected)
end

local done = remembered()
if done then
  return done
end
local epoch = current_epoch()
if not epoch then
  return { 'unsynced' }
end
if epoch == plan.known_epoch then
  for channel, offset in pairs(plan.known) do
    if top(channel) < offset then
      return { 'behind', epoch }
    end
  end
end
if plan.scope then
  local first = redis.call('HGET', key('keys'), plan.scope)
  if first then
    return { 'used', first }
  end
end
for _, expected in ipairs(plan.expected) do
  if state(expected.kind, expected.id).version ~= expected.version then
    return { 'conflict', expected.subject }
  end
end

local offsets, orders = {}, {}
for number, fact in ipairs(plan.facts) do
  offsets[number] = redis.call('HINCRBY', TOPS, fact.channel, 1)
end

for _, update in ipairs(plan.updates) do
  local old = state('updates', update.id)
  local order = update.order
  if order == 0 and update.public and update.first_live > 0 then
    order = offsets[update.first_live]
  end
  keep('updates', update.id, old, order, offsets[update.last_live] or old.offset, text(update.text))
  index(update, order, offsets)
  orders[update.id] = order
end

for _, coverage in ipairs(plan.coverages) do
  local old = state('coverages', coverage.slug)
  local offset = offsets[coverage.last_live] or old.offset
  keep('coverages', coverage.slug, old, coverage.pinned, offset, text(coverage.text))
  if old.version == 0 then
    redis.call('ZADD', key('opened'), redis.call('HINCRBY', META, 'writes', 1), coverage.slug)
    redis.call('SADD', key('corrections_listed'), coverage.slug)
  end
  use('coverage:' .. coverage.slug, coverage.media)
  local rubrics = cjson.encode(coverage.rubrics)
  if rubrics ~= redis.call('HGET', key('headed'), coverage.slug) then
    local former = names('headed', coverage.slug)
    redis.call('HSET', key('headed'), coverage.slug, rubrics)
    -- The oldest of them first, so that the newest are those that changed last.
    for _, id in ipairs(redis.call('ZRANGE', key('published', coverage.slug), -plan.refiled, -1)) do
      if redis.call('HEXISTS', key('tagged'), id) == 1 then -- else it was withdrawn
        file(id, coverage.slug)
      end
    end
    -- What is older than any feed shows leaves the former rubrics, unless it has them itself, and enters none.
    local left = {}
    for _, name in ipairs(former) do
      left[name] = true
    end
    for _, name in ipairs(coverage.rubrics) do
      left[name] = nil
    end
    local older = next(left) and redis.call('ZREVRANGE', key('published', coverage.slug), plan.refiled, -1) or {}
    for _, id in ipairs(older) do
      local own = {}
      for _, name in ipairs(names('tagged', id)) do
        own[name] = true
      end
      for name in pairs(left) do
        if not own[name] then
          unfile(name, id)
        end
      end
    end
  end
end

-- The past is emptied before this batch's own events are written, so that it holds earlier ones only.
for _, emptied in ipairs(plan.emptied) do
  for _, place in ipairs(redis.call('LRANGE', key('where', emptied.id), 0, -1)) do
    local channel, offset = string.match(place, '^(.*)\n(%d+)$')
    local entry = redis.call('HGET', key('log', channel), offset) or ''
    local head = string.match(entry, '^%w+\n%d+\n')
    if head then
      -- Searched, not decoded: a script that fails here would leave half a batch.
      local breaking = string.find(entry, emptied.mark, 1, true)
      redis.call('HSET', key('log', channel), offset, head .. text(breaking and emptied.breaking or emptied.other))
    end
  end
end

local numbers = {}
for number, fact in ipairs(plan.facts) do
  local offset, order = offsets[number], fact.order
  if fact.update then
    order = orders[fact.update] or order
    redis.call('RPUSH', key('where', fact.update), fact.channel .. '\n' .. offset)
  end
  local entry = table.concat({ fact.kind, order, text(fact.text) }, '\n')
  redis.call('HSET', key('log', fact.channel), offset, entry)
  redis.call('PUBLISH', key('events'), table.concat({ fact.channel, epoch, offset, entry }, '\n'))
  numbers[number] = offset .. ':' .. order
end

for _, revision in ipairs(plan.revisions) do
  redis.call('RPUSH', key('revisions', revision.id), text(revision.text))
end

for _, gone in ipairs(plan.deleted) do
  local id, slug = gone.id, gone.coverage
  redis.call('HDEL', key('updates'), id)
  redis.call('DEL', key('revisions', id), key('where', id))
  for _, name in ipairs({ 'published', 'key_events', 'breaking', 'unpublished' }) do
    redis.call('ZREM', key(name, slug), id)
  end
  redis.call('ZREM', key('breaking'), id)
  redis.call('ZREM', key('due'), id)
  use('update:' .. id, {})
end

note(plan.acts, text)

if plan.scope then
  redis.call('HSET', key('keys'), plan.scope, plan.first)
end
return remember({ 'ok', epoch, table.concat(numbers, ' ') })
