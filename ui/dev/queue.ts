import type { WaitingMessage } from '../admin/queue/shape'
import type { Call, Reply } from './mock'
import { NOW } from './window-state'

/** A made-up queue: what waits for a server that is down, for a full mailbox, and on hold. */
const REASONS = [
  ['The other server refuses connections.', 'connect to mx.world.example[192.0.2.25]:25: Connection refused'],
  ["The recipient's mailbox or server is full.", '452 4.2.2 The mailbox is over quota'],
  ['The other server asks to come back later.', '450 4.3.2 Try again in a few minutes'],
] as const
let waiting: WaitingMessage[] = REASONS.map(([reason, words], turn) => ({
  id: `4Q2nBz1HVMz3${'bcd'[turn]}`,
  state: 'waiting',
  since: NOW() - 3_600 * (turn + 1),
  size: 2_048 * (turn + 1),
  sender: turn === 2 ? '' : 'anna@example.com',
  recipients: [{ address: `friend-${turn + 1}@world.example`, words }],
  more_recipients: 0,
  reason,
  words,
  next_try: NOW() + 300 * (turn + 1),
  expires: false,
}))

function listed({ query }: Call): Reply {
  const search = (query.get('search') ?? '').toLowerCase()
  const found = waiting.filter((one) => JSON.stringify(one).toLowerCase().includes(search))
  const total = waiting.length
  return { json: { time: NOW(), total, read: total, found: found.length, messages: found } }
}

function act({ body }: Call, [, action]: string[]): Reply {
  const ids = body.ids as string[]
  const done = waiting.filter((one) => ids.includes(one.id))
  if (action === 'delete') waiting = waiting.filter((one) => !ids.includes(one.id))
  for (const one of done) {
    const held = action === 'hold'
    one.state = held ? 'on_hold' : 'waiting'
    one.next_try = held ? null : NOW() + 60
    const known = REASONS.find(([, words]) => words === one.words)!
    one.reason = held ? 'On hold: it stays until somebody releases it.' : known[0]
  }
  return { json: { done: done.map((one) => one.id), gone: [] } }
}

export const QUEUE_ROUTES: [RegExp, string, (call: Call, match: string[]) => Reply][] = [
  [/^queue$/, 'GET', listed],
  [/^queue\/(\w+)$/, 'POST', act],
]
