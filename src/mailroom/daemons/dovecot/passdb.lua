-- Dovecot's only passdb and userdb: carries each question to the sign-in service and its answer back.
-- Nothing is decided and nothing is remembered here. See accounts/signin/ and Dovecot's "Lua based authentication".

package.path = package.path .. ";/usr/share/lua/5.4/?.lua;/usr/share/lua/5.3/?.lua"
local unix = require "socket.unix"

local SOCKET = os.getenv("MAILROOM_SIGNIN_SOCKET") or "/run/mailroom/signin/signin.sock"
-- The service answers within 4 s, whatever the host does; half a second more for a busy machine.
local LIMIT_S = 4.5

-- Beside a success Dovecot 2.4 takes nothing but a table of fields, beside a failure nothing but words; 2.3 takes both.
local NO_FIELDS = {}

local ESCAPES = { ['"'] = '\\"', ["\\"] = "\\\\" }

-- One JSON string (RFC 8259 7). Bytes that are no UTF-8 go through as they are: the service takes them as they come.
local function quoted(text)
  local escaped = tostring(text or ""):gsub('[%c"\\]', function(c)
    return ESCAPES[c] or string.format("\\u%04x", c:byte())
  end)
  return '"' .. escaped .. '"'
end

-- The service's answer to one request (a JSON line), or nil when there is none in time.
local function ask(request)
  local link = unix.stream and unix.stream() or unix()
  link:settimeout(LIMIT_S, "t")
  local line = nil
  if link:connect(SOCKET) and link:send(request .. "\n") then
    line = link:receive("*l")
  end
  link:close()
  return line
end

local PASSWORD_ANSWERS = {
  ok = dovecot.auth.PASSDB_RESULT_OK,
  bad = dovecot.auth.PASSDB_RESULT_PASSWORD_MISMATCH,
  blocked = dovecot.auth.PASSDB_RESULT_PASSWORD_MISMATCH,
  -- Both are only said after the right password.
  disabled = dovecot.auth.PASSDB_RESULT_USER_DISABLED,
  not_active = dovecot.auth.PASSDB_RESULT_USER_DISABLED,
}

function auth_password_verify(request, password)
  local line = ask(string.format(
    '{"op":"check","user":%s,"password":%s,"service":%s,"rip":%s}',
    quoted(request.user), quoted(password), quoted(request.service), quoted(request.remote_ip)))
  local answer = line and line:match('"answer": ?"([a-z_]+)"')
  local result = PASSWORD_ANSWERS[answer] or dovecot.auth.PASSDB_RESULT_INTERNAL_FAILURE
  return result, result == dovecot.auth.PASSDB_RESULT_OK and NO_FIELDS or ""
end

-- Only a password decides who may sign in: a lookup without one never does.
function auth_passdb_lookup(request)
  return dovecot.auth.PASSDB_RESULT_INTERNAL_FAILURE, "no password was given"
end

-- Whether there is a mailbox; asked at each delivery and each sign-in. "No" is said only when the service says no.
function auth_userdb_lookup(request)
  local line = ask('{"op":"lookup","user":' .. quoted(request.user) .. "}")
  local exists = line and line:match('"exists": ?([a-z]+)')
  if exists == "true" then
    return dovecot.auth.USERDB_RESULT_OK, NO_FIELDS
  elseif exists == "false" then
    return dovecot.auth.USERDB_RESULT_USER_UNKNOWN, ""
  end
  return dovecot.auth.USERDB_RESULT_INTERNAL_FAILURE, ""
end

-- Everybody who has a mailbox, for doveadm -A.
function auth_userdb_iterate()
  local names, line = {}, ask('{"op":"names"}')
  local list = (line or ""):match('"names": ?%[(.*)%]') or ""
  for name in list:gmatch('"([^"]+)"') do
    table.insert(names, name)
  end
  return names
end

function script_init()
  return 0
end

function script_deinit()
end
