-- -- the life of a run ----------------------------------------------------------------------------

-- Brings a run to life whose parts have been written: token, tasks that are ready, names and values
-- of what is fixed
local function create(keys, args)
  local s = keys[1]
  local p = sub(s, 1, -2)
  local token = args[2]
  local made_by = call('HGET', p .. 'm', 'token')
  if made_by and made_by ~= token then return 0 end
  if call('HGET', p .. 'm', 'alive') then return 1 end
  if call('STRLEN', s) < HEAD then return 2 end  -- What was written has gone meanwhile.
  local created = now_of(args[1]) - tonumber(args[3])
  call('SETRANGE', s, 32, pack('>d', created))
  for i = 5, #args, 2 do call('HSET', p .. 'm', args[i], args[i + 1]) end
  call('HSET', p .. 'm', 'alive', 1)
  for _, name in ipairs({'s', 'm', 'g'}) do call('PERSIST', p .. name) end
  local r = open(keys, args)
  event(r, EVENT_CREATED, 0, 0, 0, 0)
  flush(r)
  if #args[4] > 0 then call('RPUSH', p .. 'r', pack('>d', r.now) .. args[4]) end
  if r.total == 0 then finish_if_done(r) end
  flush(r)
  return 1
end

-- Claims the id for a run that is being written: token, for how long
local function reserve(keys, args)
  local p = sub(keys[1], 1, -2)
  call('HSETNX', p .. 'm', 'token', args[2])
  if call('HGET', p .. 'm', 'token') ~= args[2] then return 0 end
  if not call('HGET', p .. 'm', 'alive') then
    call('HSET', p .. 'g', 't', '')  -- So that it can be given its time.
    call('PEXPIRE', p .. 'm', args[3])
    call('PEXPIRE', p .. 'g', args[3])
  end
  return 1
end

local function cancel(keys, args)
  local r = open(keys, args)
  if not r then return UNKNOWN end
  if r.state ~= RUNNING then return 0 end
  keep_error(r, REPORTED, 0xffffffff, 0, 0, '', args[3])
  finish(r, CANCELLED, args[2])
  flush(r)
  return 1
end

local function status(keys, args)
  local r = open(keys, args)
  if not r then return UNKNOWN end
  local ended = r.state ~= RUNNING and tonumber(call('HGET', r.p .. 'm', 'ended')) or r.now
  return {call('GETRANGE', r.s, 0, HEAD - 1), pack('<d', ended), call('LRANGE', r.p .. 'x', 0, -1)}
end

-- -- values ---------------------------------------------------------------------------------------

-- Outputs of tasks: each its value, or where its parts are, or nothing. Fewer than were asked for when
-- they are large.
local function fetch(keys, args)
  local r = open(keys, args)
  if not r then return UNKNOWN end
  local out, left = {}, FETCH_BUDGET
  for at = 1, #args[2], 4 do
    if left <= 0 then break end
    local task = unpack('<I4', args[2], at)
    local t = state_of(r, task)
    if not known(t) then return problem('unknown') end
    local readable = r.state == RUNNING or r.state == SUCCEEDED or t.flags % 2 == KEPT
    local value = readable and call('HGET', r.p .. 'o', field_of(task))
    local parts = readable and not value and in_parts(r, t)
    if value then
      out[#out + 1] = pack('<I4', 0) .. value
      left = left - #value
    elseif parts then
      out[#out + 1] = pack('<I4I4', ELSEWHERE, t.fence) .. parts
    else
      out[#out + 1] = pack('<I4', MISSING)
    end
  end
  return out
end

-- A part of an output has been written under its key: task, fence, index; its checksum
local function put_chunk(keys, args)
  local r = open(keys, args)
  if not r then return UNKNOWN end
  local task, fence, index = unpack('<I4I4I4', args[2])
  local t = state_of(r, task)
  local key = chunk_key(r, task, fence, index)
  if not known(t) then
    call('UNLINK', key)
    return problem('unknown')
  end
  if r.state ~= RUNNING or t.status ~= CLAIMED or t.fence ~= fence then
    if not (t.status == COMMITTED and t.fence == fence) then call('UNLINK', key) end
    return {1}
  end
  local checksums = checksums_of(r, task, fence)
  local count = #checksums / CHECKSUM
  if index > count then
    call('UNLINK', key)
    return {2, count}
  end
  -- Redis may have refused the part, and will be sent it again behind this.
  if call('EXISTS', key) == 0 then return {2, count} end
  call('PERSIST', key)
  if index == count then call('HSET', r.p .. 'ck', task .. ':' .. fence, checksums .. args[3]) end
  hint(r)
  flush(r)
  return {0}
end

-- task: its fence, whether its parts are all, their checksums
local function chunks(keys, args)
  local r = open(keys, args)
  if not r then return UNKNOWN end
  local t = state_of(r, (unpack('<I4', args[2])))
  if not known(t) then return problem('unknown') end
  local checksums = checksums_of(r, t.task, t.fence)
  if floor(t.flags / CHUNKED) % 2 == 1 and checksums == '' then return problem('released') end
  return {pack('<BBI4', WON, t.status == COMMITTED and 1 or 0, t.fence), checksums}
end

-- -- a store that has lost its tail ---------------------------------------------------------------

-- Begins a new epoch unless this incarnation has: nothing from before may commit any more. Clients
-- come back one after another, and may name one that has passed already.
local function renew_epoch(keys, args)
  local r = open(keys, args)
  if not r then return UNKNOWN end
  if call('HGET', r.p .. 'm', 'incarnation') == args[2] then return 0 end
  if call('HSETNX', r.p .. 'm', 'i' .. args[2], '') == 0 then return 0 end
  if r.state ~= RUNNING then return 0 end
  local epoch = r.epoch + 1
  r.epoch = epoch
  r.counted = true
  local fence = epoch * FENCES + 1
  local back = {}
  local fence_bytes = pack('>I4', fence)
  local piece = 1000
  for first = 0, r.next - 1, piece do
    local bytes = call('GETRANGE', r.s, HEAD + RECORD * first, HEAD + RECORD * (first + piece) - 1)
    local parts = {}
    for i = 0, floor(#bytes / RECORD) - 1 do
      local record = sub(bytes, i * RECORD + 1, (i + 1) * RECORD)
      local state = byte(record, 1)
      if state == WAITING or state == READY or state == CLAIMED then
        if state ~= WAITING then
          back[#back + 1] = {task = first + i, fence = fence}
          if state == CLAIMED then
            local t = state_of(r, first + i)
            drop_chunks(r, t.task, t.fence)
            event(r, EVENT_REQUEUED, t.task, t.worker, t.attempt, 0,
                  'the store came back without its last writes')
          end
          state = READY
        end
        record = string.char(state) .. sub(record, 2, 4) .. fence_bytes .. sub(record, 9)
      end
      parts[i + 1] = record
    end
    call('SETRANGE', r.s, HEAD + RECORD * first, concat(parts))
  end
  call('UNLINK', r.p .. 'l', r.p .. 'r', r.p .. 'q')
  -- Told at once: nobody is at work on them.
  local parts = {pack('>d', r.now - r.lease - 1)}
  for i = 1, #back do parts[i + 1] = pack('>I4I4', back[i].task, back[i].fence) end
  if #back > 0 then call('RPUSH', r.p .. 'r', concat(parts)) end
  hint(r, true)
  flush(r)
  return 1
end

-- All keys of a run go, whatever is in them.
local function erase(keys, args)
  local p = sub(keys[1], 1, -2)
  local parts = call('HGETALL', p .. 'ck')
  for i = 1, #parts, 2 do
    for index = 0, #parts[i + 1] / CHECKSUM - 1 do
      call('UNLINK', p .. 'c:' .. parts[i] .. ':' .. index)
    end
  end
  for _, name in ipairs({'s', 'm', 'g', 'o', 'ck', 'i', 'ir', 'e', 'x', 'p', 'd', 'l', 'r', 'k',
                         'q'}) do
    call('UNLINK', p .. name)
  end
  call('PUBLISH', p .. 'n', '')
  return 1
end

-- Asks to be told of the next change.
local function want_hint(keys, args)
  if call('STRLEN', keys[1]) < HEAD then return UNKNOWN end
  call('SETRANGE', keys[1], 2, '\1')  -- The hint's place in the header.
  return 1
end

-- `steps`: names, each with its function.
local function register(flags, steps)
  for i = 1, #steps, 2 do
    local step = steps[i + 1]
    redis.register_function{function_name = '@library@_' .. steps[i], flags = flags,
                            callback = function(keys, args)
                              if not call then borrow() end
                              return step(keys, args)
                            end}
  end
end

register({}, {'reserve', reserve, 'create', create, 'commit', commit, 'put_items', put_items,
              'expand', expand, 'put_chunk', put_chunk})
-- What lets runs go on to their ends, and go, is done by a Redis that is full, too.
register({'allow-oom'}, {'cancel', cancel, 'erase', erase, 'claim', claim, 'fail', fail,
                         'release', release, 'launch', launch, 'renew', renew, 'park', park,
                         'held', held, 'abandon', abandon, 'sweep', sweep, 'take_turn', take_turn,
                         'renew_epoch', renew_epoch, 'want_hint', want_hint})
register({'no-writes'}, {'status', status, 'fetch', fetch, 'chunks', chunks})
