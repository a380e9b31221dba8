-- -- inputs and outputs ---------------------------------------------------------------------------

local function chunk_key(r, task, fence, index)
  return r.p .. 'c:' .. task .. ':' .. fence .. ':' .. index
end

-- The checksums of the parts that an attempt has put, one behind the other.
local function checksums_of(r, task, fence)
  return call('HGET', r.p .. 'ck', task .. ':' .. fence) or ''
end

local function drop_chunks(r, task, fence)
  local count = #checksums_of(r, task, fence) / CHECKSUM
  if count == 0 then return end
  for index = 0, count - 1 do call('UNLINK', chunk_key(r, task, fence, index)) end
  call('HDEL', r.p .. 'ck', task .. ':' .. fence)
end

local function release_output(r, t)
  if floor(t.flags / CHUNKED) % 2 == 1 then
    drop_chunks(r, t.task, t.fence)
  elseif r.outputs[t.task] then
    r.outputs[t.task] = nil
  else
    r.released[#r.released + 1] = field_of(t.task)
  end
end

-- A task has one reader less. Lets go of what nobody will read any more.
local function drop_reader(r, task)
  local t = state_of(r, task)
  t.readers = t.readers - 1
  if t.readers > 0 or t.flags % 2 == KEPT or t.status ~= COMMITTED then
    changed(r, t)
  else
    release_output(r, t)  -- Nobody counts its readers any more.
  end
end

local function drop_item(r, map, row)
  local name = map .. ':' .. row
  if call('HINCRBY', r.p .. 'ir', name, -1) > 0 then return end
  call('HDEL', r.p .. 'ir', name)
  call('HDEL', r.p .. 'i', name)
end

-- A task is done, however it ended: it reads no more.
local function release_inputs(r, t, g)
  local dependencies = dependencies_of(g)
  if not r.maps then
    for i = 1, #dependencies do
      if dependency_kind(g, i) == OUTPUT then drop_reader(r, dependencies[i]) end
    end
    return
  end
  local from = origin_of(r, t)
  for i = 1, #dependencies do
    local task, kind = dependencies[i], dependency_kind(g, i)
    if kind == OUTPUT then
      drop_reader(r, resolve(r, from, task))
    elseif kind == GATHER then
      local gathered = stated(r, task)
      local x = expansion_of(r, resolve(r, from, scope_of(r, gathered.scope).map))
      if x then
        for row = 0, x.items - 1 do
          drop_reader(r, x.first + row * x.width + gathered.position)
        end
      end
    end
  end
  if g.kind == 1 then
    for _, task in ipairs(scope_of(r, g.body).retained) do
      drop_reader(r, resolve(r, from, task))
    end
  end
  if not from.expansion then return end
  for _, map in ipairs(scope_of(r, g.scope).items_read[g.position + 1]) do
    local row = row_of(r, from, map)
    drop_item(r, row.expansion.map, row.row)
  end
end
