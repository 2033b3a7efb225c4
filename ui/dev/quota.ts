import { tell, type Call, type Reply } from './mock'
import { NOW, state } from './window-state'

/** Made-up outbound usage: one user beyond each limit that is likely to be chosen, many below. */
const MB = 1024 * 1024
const NAMES = [
  'anna',
  'ben',
  'chloe',
  'dora',
  'emil',
  'fiona',
  'gustav',
  'hanna',
  'ivo',
  'jana',
  'karl',
  'lena',
]
const START = NOW()
let users = NAMES.map((user, index) => {
  const since = START - 1_800 - index * 4_211
  const messages = index ? (index * 37) % 90 : 500
  return { user, messages, bytes: messages * 311_000 + index * 40_007, since, until: since + 86_400 }
})
type Row = (typeof users)[number]

function listed({ query }: Call): Reply {
  const sort = query.get('sort') ?? 'user'
  const key = sort.replace('-', '') as keyof Row
  const turned = sort.startsWith('-') ? -1 : 1
  const sought = (query.get('search') ?? '').toLowerCase()
  const found = users
    .filter((one) => one.user.includes(sought))
    .sort((one, other) => turned * (one[key] < other[key] ? -1 : Number(one[key] > other[key])))
  const [offset, limit] = [Number(query.get('offset') ?? 0), Number(query.get('limit') ?? 100)]
  const page = state.settings['mail_delivery.daily_quota'] ?? {}
  const limits = {
    messages: page.limit_messages ? Number(page.messages) : null,
    bytes: page.limit_volume ? Number(page.volume_mb) * MB : null,
  }
  return { json: { total: found.length, limits, users: found.slice(offset, offset + limit) } }
}

function cleared(kept: (one: Row) => boolean, answer: unknown): Reply {
  users = users.filter(kept)
  setTimeout(() => tell('change', { kind: 'quota', id: 1 }), 50)
  return { json: { cleared: answer } }
}

export const QUOTA_ROUTES: [RegExp, string, (call: Call) => Reply][] = [
  [/^outbound-usage$/, 'GET', listed],
  [/^outbound-usage\/clear$/, 'POST', ({ body }) => cleared(({ user }) => user !== body.user, body.user)],
  [/^outbound-usage\/clear-all$/, 'POST', () => cleared(() => false, users.length)],
]
