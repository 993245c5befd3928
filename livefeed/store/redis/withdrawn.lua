-- ARGV: media id. Answers 1 when something used the picture and nothing shows it any more.

local used = redis.call('SISMEMBER', key('media'), ARGV[1]) == 1
return used and redis.call('SCARD', key('shown', ARGV[1])) == 0 and 1 or 0
