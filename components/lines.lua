-- What a collector makes of one line: where it comes from, how grave it is, and nothing that is secret or personal.
-- Called by Fluent Bit, which runs LuaJIT, so Lua 5.1: https://docs.fluentbit.io/manual/pipeline/filters/lua
-- Two opening braces in a row would be a template of a chart's. A pattern that begins with a word, and may fail behind it,
-- would go over a long word again from every place in it: `without` takes words whole.

-- In four words.
local LEVELS = {
  trace = "debug", debug = "debug", verbose = "debug",
  info = "info", information = "info", notice = "info", log = "info",
  warn = "warn", warning = "warn",
  error = "error", err = "error",
  fatal = "error", critical = "error", crit = "error", panic = "error", alert = "error", emergency = "error",
}
local BY_NUMBER = { [10] = "debug", [20] = "debug", [30] = "info", [40] = "warn", [50] = "error", [60] = "error" }

local SECRETS = {
  "password", "passwd", "secret", "token", "apikey", "authorization", "cookie", "privatekey", "credential", "session",
  "signature",
}

local DEEPEST = 32
local BACKSLASH = ("\\"):byte()

-- The place of the quote that ends a string of JSON which starts at `from`; behind the line if none does.
local function ends(line, from)
  local at = from
  while true do
    local quote = line:find('"', at, true)
    if not quote then return #line + 1 end
    local first = quote
    while first > from and line:byte(first - 1) == BACKSLASH do first = first - 1 end
    if (quote - first) % 2 == 0 then return quote end
    at = quote + 1
  end
end

-- JSON, as far as the contract of lines needs it: members of objects; arrays are passed over, escapes lose their backslash.
-- Each returns the value and the place behind it; no place for what is no JSON, or is too deep.
local value_at

local function after_space(text, at)
  return text:find("%S", at) or #text + 1
end

local function string_at(text, at)
  local quote = ends(text, at + 1)
  if quote > #text then return nil end
  return (text:sub(at + 1, quote - 1):gsub("\\(.)", "%1")), quote + 1
end

local function member_at(text, at, depth)
  if text:sub(at, at) ~= '"' then return nil end
  local key, after = string_at(text, at)
  if not after then return nil end
  after = after_space(text, after)
  if text:sub(after, after) ~= ":" then return nil end
  local value, rest = value_at(text, after_space(text, after + 1), depth)
  return key, rest, value
end

local function many_at(text, at, closing, depth)
  local made = {}
  at = after_space(text, at)
  if text:sub(at, at) == closing then return made, at + 1 end
  while true do
    local key, rest, value
    if closing == "}" then
      key, rest, value = member_at(text, at, depth)
      if rest then made[key] = value end
    else
      value, rest = value_at(text, at, depth)
    end
    if not rest then return nil end
    rest = after_space(text, rest)
    local sign = text:sub(rest, rest)
    if sign == closing then return made, rest + 1 end
    if sign ~= "," then return nil end
    at = after_space(text, rest + 1)
  end
end

function value_at(text, at, depth)
  local sign = text:sub(at, at)
  if sign == '"' then return string_at(text, at) end
  if sign == "{" or sign == "[" then
    if depth == 0 then return nil end
    return many_at(text, at + 1, sign == "{" and "}" or "]", depth - 1)
  end
  local word = text:match("^[%w.+-]+", at)
  if word == "true" then return true, at + 4 end
  if word == "false" then return false, at + 5 end
  if word == "null" then return nil, at + 4 end
  local number = tonumber(word or "")
  if not number then return nil end
  return number, at + #word
end

local function fields_of(line)
  local at = after_space(line, 1)
  if line:sub(at, at) ~= "{" then return {} end
  return value_at(line, at, DEEPEST) or {}
end

local function is_secret(key)
  local plain = key:lower():gsub("[-_.]", "")
  for _, word in ipairs(SECRETS) do
    if plain:find(word, 1, true) then return true end
  end
  return false
end

-- Puts something else in the place of parts that begin with a word. `other` is told where a word is, and returns what
-- stands there instead, nil if it stays, and the place behind the part, nil for behind the word.
local function without(line, word, other)
  local made, kept, at = {}, 1, 1
  while true do
    local first, last = line:find(word, at)
    if not first then break end
    local text, behind = other(first, last)
    if text then
      made[#made + 1] = line:sub(kept, first - 1) .. text
      kept = behind
    end
    at = behind or last + 1
  end
  made[#made + 1] = line:sub(kept)
  return table.concat(made)
end

local function without_secret_members(line)
  return without(line, '"[%w_.-]+"%s*:%s*"', function(first, last)
    if not is_secret(line:match("[%w_.-]+", first + 1)) then return nil end
    return line:sub(first, last) .. "[redacted]", ends(line, last + 1)
  end)
end

-- `token=...`, and `token: ...` in plain text.
local function without_secret_settings(line)
  return without(line, "[%w_.-]+", function(first, last)
    local sign, key = line:sub(last + 1, last + 1), line:sub(first, last)
    if (sign ~= "=" and sign ~= ":") or not is_secret(key) then return nil end
    local between, value, behind = line:match(sign == "=" and "^(=)([^%s&;,\"'\\]+)()" or "^(:%s+)([^%s&;,\"'\\]+)()", last + 1)
    if not between then return nil end
    -- A scheme, and what followed it is gone.
    if sign == ":" and key:lower():find("authorization", 1, true) and value:find("^%a+$") then return nil end
    return key .. between .. "[redacted]", behind
  end)
end

local function without_mail(line)
  return without(line, "[%w.+_-]+", function(_, last)
    local behind = line:match("^@[%w-]+%.[%w.-]+()", last + 1)
    return behind and "[mail]", behind
  end)
end

-- Addresses inside a cluster or a machine are no person's.
local function is_private(a, b)
  return a == 0 or a == 10 or a == 127 or (a == 172 and b >= 16 and b <= 31) or (a == 192 and b == 168)
    or (a == 169 and b == 254) or (a == 100 and b >= 64 and b <= 127)
end

local function without_ipv4(line)
  return without(line, "%d+", function(first)
    local a, b, c, d, behind = line:match("^(%d+)%.(%d+)%.(%d+)%.(%d+)()", first)
    if not a then return nil end
    a, b, c, d = tonumber(a), tonumber(b), tonumber(c), tonumber(d)
    if a > 255 or b > 255 or c > 255 or d > 255 or is_private(a, b) then return nil, behind end
    return "[address]", behind
  end)
end

local function without_ipv6(line)
  return without(line, "[%x:]+", function(first, last)
    if not line:sub(first, last):find(":", 1, true) then return nil end
    local word, behind = line:match("^([%x:.]+)()", first)
    local _, colons = word:gsub(":", "", 8)
    if colons < 2 or not (word:find("::", 1, true) or colons == 7) then return nil, behind end
    if word == "::" or word == "::1" or word:lower():find("^f[cde]") then return nil, behind end
    return "[address]", behind
  end)
end

local function redacted(line)
  line = without_secret_members(line)
  line = line:gsub('\\"([%w_.-]+)\\"(%s*:%s*)\\"(.-)\\"', function(key, between)  -- JSON inside a string of JSON
    if is_secret(key) then return '\\"' .. key .. '\\"' .. between .. '\\"[redacted]\\"' end
    return nil
  end)
  line = line:gsub("([Aa]uthorization:%s+%a+%s+)[^%s,;\"'\\]+", "%1[redacted]")
  line = line:gsub("([Bb]earer%s+)[%w._~+/=-]+", "%1[redacted]")
  line = line:gsub("([Bb]asic%s+)[%w+/=]+", "%1[redacted]")
  line = line:gsub("eyJ[%w_-]+%.[%w_-]+%.?[%w_-]*", "[token]")
  line = line:gsub("(://[^/%s:@\"]*):[^/%s@\"]+@", "%1:[redacted]@")
  line = without_secret_settings(line)
  line = without_mail(line)
  line = line:gsub("::[fF][fF][fF][fF]:(%d+%.%d+%.%d+%.%d+)", "%1")  -- IPv4 as IPv6 sockets tell it
  line = without_ipv4(line)
  return without_ipv6(line)
end

local function level_of(fields, stream)
  local silent = stream == "stderr" and "warn" or "info"
  local inner = type(fields.record) == "table" and fields.record.error_severity  -- PostgreSQL, as its operator writes it
  local given = inner or fields.level or fields.severity or fields.lvl
  if type(given) == "number" then return BY_NUMBER[given] or silent end
  if type(given) == "string" then return LEVELS[given:lower()] or silent end
  return silent
end

local function word(value)
  return type(value) == "string" and redacted(value) or nil
end

-- `made` says where the line comes from; the rest is the same everywhere.
local function shaped(record, made)
  local line = tostring(record.log or ""):gsub("[\r\n]+$", "")
  local fields = fields_of(line)
  made.line = redacted(line)
  made.level = level_of(fields, record.stream)
  made.class = (fields.audit == true or fields.audit == "true") and "audit" or "app"
  made.request_id = word(fields.request_id or fields.requestId)
  made.trace_id = word(fields.trace_id or fields.traceId)
  return made
end

function of_kubernetes(tag, timestamp, record)
  local namespace, pod, container = tag:match("^kube%.([^.]+)%.(.+)%.([^.]+)$")
  local kubernetes = type(record.kubernetes) == "table" and record.kubernetes or {}
  local labels = type(kubernetes.labels) == "table" and kubernetes.labels or {}
  return 2, timestamp, shaped(record, {
    namespace = namespace or "unknown",
    instance_name = labels["app.kubernetes.io/instance"] or "unknown",
    pod = pod or "unknown",
    container = container or "unknown",
  })
end

-- The daemon's option `tag` writes the container's name into each line; a stack's containers begin with PREFIX, which
-- stands above this script in the collector's file.
function of_docker(_, timestamp, record)
  local tag = type(record.attrs) == "table" and record.attrs.tag or ""
  if tag:sub(1, #PREFIX + 1) ~= PREFIX .. "-" then return -1, timestamp, record end  -- another project's
  return 2, timestamp, shaped(record, { instance_name = tag:sub(#PREFIX + 2) })
end
