-- Judge whether the log may have gone backwards, and name the epoch.
-- ARGV: the run id that the caller's findings are about, '1' if that server keeps what it acknowledged through
-- any restart, a fresh epoch, the epoch to replace ('' for none).
-- Answers the epoch, or false when the server is not the one the caller looked at.

local seen, durable, fresh, instead_of = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
if run_id() ~= seen then
  return false
end
local meta = redis.call('HMGET', META, 'epoch', 'run_id', 'durable')
local epoch, known_run, was_durable = meta[1], meta[2], meta[3]

if known_run ~= seen then
  -- Both lives count: the former one must have kept its promises, and this one must not be a promoted replica.
  if not epoch or was_durable ~= '1' or durable ~= '1' then
    epoch = fresh
  end
  redis.call('HSET', META, 'run_id', seen, 'durable', durable)
elseif durable ~= '1' and was_durable == '1' then
  redis.call('HSET', META, 'durable', '0') -- what was acknowledged meanwhile stays doubtful in this life
end
if not epoch or epoch == instead_of then
  epoch = fresh
end
if epoch == fresh then
  redis.call('HSET', META, 'epoch', epoch)
  redis.call('PUBLISH', key('events'), '') -- every process: compare your tops
end
return epoch
