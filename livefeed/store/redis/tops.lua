-- ARGV: channels. Answers {epoch, top, top, ...}.

local reply = { current_epoch() }
for _, channel in ipairs(ARGV) do
  reply[#reply + 1] = top(channel)
end
return reply
