-- Sliding windows as `window.rs` counts them. Each key holds the buckets of one scope, oldest first:
-- when its first and last request came (milliseconds since 1970), and how many.
-- ARGV: what to do (spend, look or back), the time or 0 for that of Redis, and for each key its
-- limit, its window in milliseconds, and the width of a bucket.
-- Answers for each key: whether it passes, how many are used, and the milliseconds until the oldest
-- and the newest leave, or -1.
local deed, now = ARGV[1], tonumber(ARGV[2])
if now == 0 then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
local answers = {}
for i, key in ipairs(KEYS) do
  local limit, window, width = tonumber(ARGV[3 * i]), tonumber(ARGV[3 * i + 1]), tonumber(ARGV[3 * i + 2])
  local kept = redis.call('GET', key)
  local old = kept and cmsgpack.unpack(kept) or {}
  local buckets, used = {}, 0
  for j = 1, #old, 3 do
    if old[j + 1] + window > now then
      local n = #buckets
      buckets[n + 1], buckets[n + 2], buckets[n + 3] = old[j], old[j + 1], old[j + 2]
      used = used + old[j + 2]
    end
  end
  local n, passes, changed = #buckets, 1, false
  if deed == 'spend' then
    if used >= limit then
      passes = 0
    else
      used, changed = used + 1, true
      if n > 0 and (now < buckets[n - 2] + width or now < buckets[n - 1]) then
        buckets[n - 1] = math.max(buckets[n - 1], now)
        buckets[n] = buckets[n] + 1
      else
        buckets[n + 1], buckets[n + 2], buckets[n + 3] = now, now, 1
      end
    end
  elseif deed == 'back' and n > 0 then
    used, changed = used - 1, true
    buckets[n] = buckets[n] - 1
    if buckets[n] == 0 then
      buckets[n], buckets[n - 1], buckets[n - 2] = nil, nil, nil
    end
  end
  n = #buckets
  if changed and n == 0 then
    redis.call('DEL', key)
  elseif changed then
    redis.call('SET', key, cmsgpack.pack(buckets), 'PX', window)
  end
  local m = #answers
  answers[m + 1], answers[m + 2] = passes, used
  answers[m + 3] = n > 0 and buckets[2] + window - now or -1
  answers[m + 4] = n > 0 and buckets[n - 1] + window - now or -1
end
return answers
