import type { KeptMessage } from '../admin/quarantine/shape'
import type { Call, Reply } from './mock'
import { NOW } from './window-state'

/** A made-up quarantine: two invoices with a virus. */
let kept: KeptMessage[] = ['Invoice 4711', 'Your parcel'].map((subject, turn) => ({
  id: `01KBBTS0QJ6J2Q1QTB1Y4DH6V${turn}`,
  time: NOW() - 7_200 * (turn + 1),
  sender: `billing-${turn + 1}@world.example`,
  from: `Billing <billing-${turn + 1}@world.example>`,
  recipients: ['ben@example.com'],
  subject,
  size: 48_000,
  client: '192.0.2.7',
  login: '',
  checks: [{ check: 'clamav', title: 'ClamAV', detail: 'Win.Trojan.Agent-1' }],
}))

function listed({ query }: Call): Reply {
  const search = (query.get('search') ?? '').toLowerCase()
  const found = kept.filter((one) => JSON.stringify(one).toLowerCase().includes(search))
  return { json: { total: kept.length, read: kept.length, found: found.length, messages: found } }
}

function shown(_: Call, [, id]: string[]): Reply {
  const one = kept.find((message) => message.id === id)
  if (!one) return { status: 404, json: { code: 'gone', message: 'There is no such message.' } }
  const files = [{ name: 'invoice.exe', type: 'application/octet-stream' }]
  const header = `From: ${one.from}\nSubject: ${one.subject}`
  const text = 'Please pay at once: <script>alert(1)</script>'
  return { json: { ...one, text, from_html: false, cut: false, files, header } }
}

function act({ body }: Call, [, action]: string[]): Reply {
  const ids = action === 'release' ? [body.id as string] : (body.ids as string[])
  kept = kept.filter((one) => !ids.includes(one.id))
  return action === 'release'
    ? { json: { released: ids[0], recipients: ['ben@example.com'], refused: [] } }
    : { json: { done: ids, gone: [] } }
}

export const QUARANTINE_ROUTES: [RegExp, string, (call: Call, match: string[]) => Reply][] = [
  [/^quarantine$/, 'GET', listed],
  [/^quarantine\/(\w+)$/, 'GET', shown],
  [/^quarantine\/(\w+)$/, 'POST', act],
]
