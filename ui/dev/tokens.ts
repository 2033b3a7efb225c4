import { tell, type Call, type Reply } from './mock'
import { NOW } from './window-state'

/** Made-up tokens: one that works, one that has expired, one whose maker is no administrator now. */
const DAY_S = 86_400
const SCOPES = [
  'server:read',
  'server:change',
  'settings:read',
  'settings:change',
  'accounts:read',
  'accounts:change',
  'messages:read',
  'queue:read',
  'queue:change',
  'quarantine:read',
  'quarantine:change',
  'sign_in:read',
  'sign_in:change',
]
const token = (
  id: string,
  name: string,
  maker: string,
  state: string,
  scopes: string[],
  used: number | null,
) => ({
  id,
  name,
  maker,
  scopes,
  created: NOW() - 20 * DAY_S,
  expires: NOW() + (state === 'expired' ? -2 : 70) * DAY_S,
  used,
  used_from: used ? '192.0.2.14' : '',
  state,
})
let tokens = [
  token('9f2c81d40b7e', 'Monitoring', 'anna', 'valid', ['server:read', 'messages:read'], NOW() - 40),
  token(
    '1c44d0aa83f1',
    'New employees',
    'anna',
    'valid',
    ['accounts:read', 'accounts:change'],
    NOW() - DAY_S,
  ),
  token(
    '77b0e31f92cd',
    'Migration',
    'berta',
    'expired',
    ['settings:read', 'settings:change'],
    NOW() - 3 * DAY_S,
  ),
  token('e05ab91c6d22', 'Old backup', 'carl', 'dead', ['settings:read'], null),
]

function create({ body }: Call): Reply {
  if (tokens.some((one) => one.name === body.name)) {
    const message = 'There is a token of this name. Choose another name, or revoke that one first.'
    return { status: 422, json: { code: 'invalid', message, field: 'name', fields: { name: message } } }
  }
  const id = Math.random().toString(16).slice(2, 14).padEnd(12, '0')
  const made = token(id, String(body.name), 'anna', 'valid', body.scopes as string[], null)
  made.created = NOW()
  made.expires = NOW() + Number(body.days) * DAY_S
  tokens = [made, ...tokens]
  return { json: { ...made, token: `mrt1.${id}.9pXkqvQ0e1mH1c0ZcS6mY0yT2gq8Zl5uV7nB3wA4xKc` } }
}

function revoke(id: string): Reply {
  const name = tokens.find((one) => one.id === id)?.name
  tokens = tokens.filter((one) => one.id !== id)
  setTimeout(() => tell('change', { kind: 'token', id: 1 }), 50)
  return { json: { revoked: name } }
}

export const TOKEN_ROUTES: [RegExp, string, (call: Call, match: RegExpExecArray) => Reply][] = [
  [
    /^tokens$/,
    'GET',
    () => ({ json: { tokens, scopes: SCOPES.map((scope) => ({ scope, routes: [] })), days_max: 365 } }),
  ],
  [/^tokens$/, 'POST', create],
  [/^tokens\/(.+)\/revoke$/, 'POST', (_, [, id]) => revoke(id!)],
]
