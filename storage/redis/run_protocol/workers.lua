-- -- claims ---------------------------------------------------------------------------------------

local NOT_READY, HELD, REFUSED_COMMITTED, REFUSED_ENDED = 0, 1, 2, 3

local function refusal(r, t, worker, duplicate)
  if r.state ~= RUNNING then return REFUSED_ENDED end
  if t.status == READY then return nil end
  if t.status == CLAIMED then
    if duplicate or t.worker == worker then return nil end
    return HELD
  end
  if t.status == COMMITTED then return REFUSED_COMMITTED end
  return NOT_READY
end

local MODE_DUPLICATE, MODE_TOLD = 1, 2

-- Whether somebody else than the holder, who was the worker, is it by now.
local function is_replaced(r, worker, holder)
  if holder == '' then return false end
  local current = call('HGET', r.p .. 'l', 'h' .. worker)
  return current and current ~= '' and current ~= holder
end

-- worker, mode, tasks; holder
local function claim(keys, args)
  local r = open(keys, args)
  if not r then return UNKNOWN end
  local worker, mode = unpack('<I4B', args[2])
  local refused, granted, told = {}, {}, {}
  local absent = mode == MODE_TOLD and not launched(r, worker)
  local states = {}
  for at = 6, #args[2], 4 do
    local t = state_of(r, (unpack('<I4', args[2], at)))
    if not known(t) then return problem('unknown') end
    states[#states + 1] = t
  end
  local replaced = r.state == RUNNING and is_replaced(r, worker, args[3])
  for i = 1, #states do
    local t = states[i]
    local reason = replaced and HELD or refusal(r, t, worker, mode == MODE_DUPLICATE)
    if absent and t.status == READY and not reason then reason = NOT_READY end
    if reason then
      refused[#refused + 1] = pack('<I4B', t.task, reason)
    else
      if t.status == READY then
        t.status, t.worker = CLAIMED, worker
        changed(r, t)
        told[#told + 1] = t
      end
      granted[#granted + 1] = t
    end
  end
  if mode == MODE_TOLD then
    granted = {}
    if #told > 0 then tell_all(r, {[worker] = told}) end
  end
  if #granted > 0 then extend_lease(r, worker) end
  local answer = {pack('<BB', WON, 0), concat(refused)}
  local grants = grants_of(r, granted)
  for i = 1, #grants do answer[i + 2] = grants[i] end
  flush(r)
  return answer
end

-- worker, tasks; holder
local function release(keys, args)
  local r = open(keys, args)
  if not r then return UNKNOWN end
  local worker = unpack('<I4', args[2])
  local back = {}
  for at = 5, #args[2], 4 do
    local t = state_of(r, (unpack('<I4', args[2], at)))
    if not known(t) then return problem('unknown') end
    if t.status == CLAIMED and t.worker == worker then back[#back + 1] = t end
  end
  if r.state == RUNNING and not is_replaced(r, worker, args[3]) then requeue(r, back) end
  flush(r)
  return {pack('<BB', WON, 0)}
end

local function held(keys, args)
  local r = open(keys, args)
  if not r then return UNKNOWN end
  local worker = unpack('<I4', args[2])
  local tasks = {}
  if r.state == RUNNING then
    for i, task in ipairs(claims_of(r, {worker})) do tasks[i] = state_of(r, task) end
  end
  return grants_of(r, tasks)
end

-- -- workers --------------------------------------------------------------------------------------

local function lease_of(r, worker)
  local values = call('HMGET', r.p .. 'l', worker, 'h' .. worker, 't' .. worker)
  local lease = {holder = values[2] or '', told = tonumber(values[3] or 0)}
  lease.expiry = values[1] and tonumber(values[1]) or nil
  lease.live = lease.expiry ~= nil and lease.expiry > r.now
  return lease
end

local function drop_lease(r, worker)
  call('HDEL', r.p .. 'l', worker, 'h' .. worker, 't' .. worker)
end

-- Withdraws all claims of workers: they are fenced, and nobody's yet. `what`: has happened to each.
local function withdraw_all(r, workers, what)
  local lost = {}
  for i, task in ipairs(claims_of(r, workers)) do
    local t = state_of(r, task)
    event(r, EVENT_REQUEUED, task, t.worker, t.attempt, 0, what(t.worker))
    lost[i] = t
  end
  return lost
end

-- The leases have run out: what they held is ready again, and the next sweep tells of it.
local function lapse(r, workers)
  local lost = withdraw_all(r, workers, function(worker)
    return 'the lease of worker ' .. worker .. ' ran out'
  end)
  requeue(r, lost)
  for i = 1, #lost do
    call('SADD', r.p .. 'q', lost[i].task)
    call('HINCRBY', r.p .. 'k', 'v' .. lost[i].task, 1)
  end
end

local function toll_of(r, task)
  local toll = call('HMGET', r.p .. 'k', 'e' .. task, 'v' .. task)
  return tonumber(toll[1] or 0), tonumber(toll[2] or 0)
end

-- Who vanished may have been ended by any of the tasks that it held.
local function toll_reaches(r, task, max_kills)
  local ended, vanished = toll_of(r, task)
  return VANISHED_PER_KILL * ended + vanished >= VANISHED_PER_KILL * max_kills
end

local function times(n)
  return n .. (n == 1 and ' time' or ' times')
end

-- Fails a task that has cost too many workers. `cause`: how the last one ended; nothing when it
-- vanished.
local function give_up(r, t, cause, cause_message)
  local ended, vanished = toll_of(r, t.task)
  local message
  if ended == 0 then
    message = NAME .. 'is given up: its workers vanished ' .. times(vanished)
  else
    message = NAME .. 'has ended ' .. ended .. (ended == 1 and ' worker' or ' workers')
    if vanished > 0 then message = message .. ', and its workers vanished ' .. times(vanished) end
  end
  if cause then message = message .. '; the last: ' .. cause_message end
  fail_finally(r, t, t.worker, TOLL, cause or '', message)
end

-- worker, holder
local function launch(keys, args)
  local r = open(keys, args)
  if not r then return UNKNOWN end
  if r.state ~= RUNNING then return 0 end
  local worker = unpack('<I4', args[2])
  local holder = args[3]
  local lease = lease_of(r, worker)
  if lease.live and lease.holder ~= '' and lease.holder ~= holder then return 0 end
  if not lease.live then
    if lease.expiry then
      lapse(r, {worker})
      hint(r)
    end
    call('HDEL', r.p .. 'l', 't' .. worker)
  end
  call('HSET', r.p .. 'l', worker, r.now + r.lease, 'h' .. worker, holder)
  flush(r)
  return 1
end

local function renew(keys, args)
  local r = open(keys, args)
  if not r then return UNKNOWN end
  local worker = unpack('<I4', args[2])
  local lease = lease_of(r, worker)
  if r.state ~= RUNNING or not lease.live or lease.holder ~= args[3] then return {0, 0} end
  extend_lease(r, worker)
  flush(r)
  return {1, lease.told}
end

local function park(keys, args)
  local r = open(keys, args)
  if not r then return UNKNOWN end
  local worker = unpack('<I4', args[2])
  if r.state ~= RUNNING or lease_of(r, worker).holder ~= args[3] then return 1 end
  if #claims_of(r, {worker}) > 0 then return 0 end
  drop_lease(r, worker)
  return 1
end

-- worker, most kills, suspects; holder; the cause as an error; its message
local function abandon(keys, args)
  local r = open(keys, args)
  if not r then return UNKNOWN end
  local worker, max_kills = unpack('<I4I4', args[2])
  local lease = lease_of(r, worker)
  if r.state ~= RUNNING or not lease.expiry or lease.holder ~= args[3] then
    return {pack('<BB', WON, 0), ''}
  end
  local lost = withdraw_all(r, {worker}, function()
    return 'worker ' .. worker .. ' ended: ' .. args[5]
  end)
  drop_lease(r, worker)
  local suspects = {}
  for at = 9, #args[2], 4 do suspects[unpack('<I4', args[2], at)] = true end
  for i = 1, #lost do
    local t = lost[i]
    call('SREM', r.p .. 'q', t.task) -- The answer tells of it.
    if suspects[t.task] then call('HINCRBY', r.p .. 'k', 'e' .. t.task, 1) end
  end
  local back = {}
  for i = 1, #lost do
    local t = lost[i]
    if r.state ~= RUNNING then break end
    if suspects[t.task] and toll_reaches(r, t.task, max_kills) then
      drop_chunks(r, t.task, t.fence)
      give_up(r, t, args[4], args[5])
    else
      back[#back + 1] = t
    end
  end
  hint(r)
  if r.state ~= RUNNING then
    flush(r)
    return {pack('<BB', WON, 1), ''}
  end
  requeue(r, back)
  sort_by_rank(back)
  flush(r)
  return {pack('<BB', WON, 0), written_ready(back)}
end
