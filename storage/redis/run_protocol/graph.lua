-- -- the graph ------------------------------------------------------------------------------------

local RECORD_HEAD = '<I4fBBI2I4I4I4I4I4I4I4'
local RECORD_HEAD_SIZE = 40

-- The rest of a record is read when a map makes it interesting.
local function parse(bytes)
  local children, dependencies = unpack('<I4I4', bytes, 33)
  return {bytes = bytes, kind = byte(bytes, 9), n_children = children,
          n_dependencies = dependencies}
end

local FORMATS = {}  -- By count.

-- So many numbers of a record, from the byte at `at` on.
local function numbers(bytes, at, count)
  if count == 0 then return {} end
  if count > 64 then
    local list = {}
    for i = 1, count do list[i] = unpack('<I4', bytes, at + 4 * (i - 1)) end
    return list
  end
  local format = FORMATS[count]
  if not format then
    format = '<' .. string.rep('I4', count)
    FORMATS[count] = format
  end
  local list = {unpack(format, bytes, at)}
  list[count + 1] = nil  -- Where it has stopped.
  return list
end

local function stated(r, template)
  local found = r.stated[template]
  if not found then
    found = parse(call('HGET', r.p .. 'g', template))
    r.stated[template] = found
  end
  if r.maps and not found.scope then
    found.worker, found.rank, found.kind, found.origin, found.flags, found.scope, found.position,
      found.body, found.pending, found.readers = unpack(RECORD_HEAD, found.bytes)
  end
  return found
end

-- Reads the records of many at once.
local function read_stated(r, templates)
  local unread = {}
  for i = 1, #templates do
    if not r.stated[templates[i]] then unread[#unread + 1] = templates[i] end
  end
  each_batch(unread, BATCH, function(first, last)
    local records = call('HMGET', r.p .. 'g', spread(unread, first, last))
    for i = 1, #records do r.stated[unread[first + i - 1]] = parse(records[i]) end
  end)
end

local function children_of(g)
  return numbers(g.bytes, RECORD_HEAD_SIZE + 1, g.n_children)
end

local function dependencies_of(g)
  return numbers(g.bytes, RECORD_HEAD_SIZE + 4 * g.n_children + 1, g.n_dependencies)
end

-- How it depends on the dependency `i`, counted from 1.
local function dependency_kind(g, i)
  return byte(g.bytes, RECORD_HEAD_SIZE + 4 * (g.n_children + g.n_dependencies) + i)
end

local function scope_of(r, number)
  local known = r.scopes
  if not known then
    known = {}
    r.scopes = known
  end
  local found = known[number]
  if not found then
    found = cmsgpack.unpack(call('HGET', r.p .. 'g', 's' .. number))
    known[number] = found
  end
  return found
end

-- -- expansions -----------------------------------------------------------------------------------

-- Where a task comes from: {template, expansion or nothing, row}.
local expansion_by_number

local function origin_of(r, t)
  if t.expansion == NO_EXPANSION then return {template = t.template} end
  local x = expansion_by_number(r, t.expansion)
  return {template = t.template, expansion = x, row = floor((t.task - x.first) / x.width)}
end

function expansion_by_number(r, number)
  local known = r.expansions
  if not known then
    known = {}
    r.expansions = known
  end
  local found = known[number]
  if not found then
    found = {number = number}
    found.map, found.scope, found.first, found.items, found.width =
      unpack('>I4I4I4I4I4', call('HGET', r.p .. 'p', number))
    known[number] = found
  end
  return found
end

local function expansion_of(r, map)
  local number = call('HGET', r.p .. 'p', 'm' .. map)
  if not number then return nil end
  return expansion_by_number(r, tonumber(number))
end

-- The run's task that `target` of the graph is when seen from `from`.
local function resolve(r, from, target)
  if not from.expansion then return target end
  local scope = stated(r, target).scope
  local at = from
  while at.expansion and at.expansion.scope ~= scope do
    at = origin_of(r, state_of(r, at.expansion.map))
  end
  if not at.expansion then return target end
  return at.expansion.first + at.row * at.expansion.width + stated(r, target).position
end

-- The row of `map`'s expansion that `from` lies in. `map` is named as in the graph.
local function row_of(r, from, map)
  while scope_of(r, from.expansion.scope).map ~= map do
    from = origin_of(r, state_of(r, from.expansion.map))
  end
  return from
end

local function path_of(r, from)
  local rows = {}
  local at = from
  while at.expansion do
    table.insert(rows, 1, at.row)
    at = origin_of(r, state_of(r, at.expansion.map))
  end
  return rows
end
