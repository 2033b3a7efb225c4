import type { Reply } from './mock'

/** Drafts, messages that wait to be sent, and completion, of the made-up portal. */
type Facts = Record<string, unknown>

const PEOPLE = [
  { name: 'Anna Keller', address: 'anna.keller@example.org', kind: 'sent' },
  { name: 'Annabel Ode', address: 'annabel@example.com', kind: 'account' },
  { name: '', address: 'announcements@example.com', kind: 'alias' },
]
const HELD_MS = 1_500
const stored = new Map<number, Facts>()
const outgoing = new Map<string, Facts & { ends: number }>()
let last = 100

function save(asked: Facts): Facts {
  const replaced = asked.replaces as { uid: number } | null
  if (replaced) stored.delete(replaced.uid)
  const version = { uidvalidity: 1, uid: ++last }
  stored.set(version.uid, { ...asked, version })
  return { version, message_id: asked.message_id, is_second: Boolean(replaced && replaced.uid < 0) }
}

export function held(asked: Facts): Facts {
  const { version } = save(asked)
  const facts = {
    message_id: asked.message_id,
    subject: asked.subject,
    state: 'held',
    problem: null,
    draft: version,
    undo_s: HELD_MS / 1000,
    is_second: false,
    may_have_left: false,
  }
  outgoing.set(String(asked.message_id), { ...facts, ends: Date.now() + HELD_MS })
  return facts
}

const shown = () =>
  [...outgoing.values()].map(({ ends, ...one }) => ({ ...one, state: ends < Date.now() ? 'sent' : 'held' }))

function open(uid: number): Reply {
  const found = stored.get(uid)
  if (!found) return { status: 404, json: { code: 'not_found', message: 'This message is no longer there.' } }
  const { to, cc, bcc, subject, html, message_id, version, references } = found
  return {
    json: { to, cc, bcc, subject, html, message_id, version, references, attachments: [], reply_to: null },
  }
}

export function writing(path: string, asked: Facts, search: string): Reply | undefined {
  if (path === 'drafts') return { json: save(asked) }
  if (path.startsWith('drafts/')) return open(Number(path.split('/')[1]))
  if (path === 'outgoing') return { json: { messages: shown() } }
  if (path === 'outgoing/undo' || path === 'outgoing/dismiss') {
    const found = outgoing.get(String(asked.message_id))
    outgoing.delete(String(asked.message_id))
    return { json: { ...found, state: 'draft' } }
  }
  if (path !== 'recipients') return undefined
  const text = search.toLowerCase()
  const found = PEOPLE.filter((one) => `${one.name} ${one.address}`.toLowerCase().includes(text))
  return { json: { recipients: found } }
}
