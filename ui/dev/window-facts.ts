import type { Call, Reply } from './mock'
import { NOW, state, type Values } from './window-state'

/** Made-up accounts, daemons and messages for the window. */
const TOTAL_SEATS = 5
const NAMES = [
  'Anna Keller',
  'Daniel Okafor',
  'Fatima Al-Sayed',
  'Ольга Смирнова',
  'Igor Novák',
  'Γιώργος Παπάς',
  'Pierre Laurent',
]

function user(index: number): Values {
  const name = index === 0 ? 'admin' : `user-${String(index).padStart(4, '0')}`
  const choice = state.choices[name] ?? null
  const unsupported = index % 97 === 13
  const seat =
    choice !== 'deactivate' && !unsupported && index < TOTAL_SEATS + Object.keys(state.choices).length
  const info = choice === 'deactivate' || unsupported ? 'not_activated' : seat ? 'activated' : 'waiting'
  const why = unsupported
    ? 'The name contains a character that cannot stand in an email address.'
    : info === 'waiting'
      ? 'All 5 seats are taken. The next one that becomes free goes to who has waited longest.'
      : ''
  return {
    name: unsupported ? `${name}@corp` : name,
    full_name: NAMES[index % NAMES.length],
    address: unsupported ? '' : `${name}@example.com`,
    choice,
    active: seat,
    info,
    status: unsupported ? 'unsupported' : 'normal',
    why,
    admin: index === 0,
  }
}

export function accounts({ query }: Call): Reply {
  const sought = (query.get('search') ?? '').toLowerCase()
  const sort = query.get('sort') ?? 'name'
  const column = sort.replace('-', '')
  const found = Array.from({ length: 10_000 }, (_, index) => user(index)).filter((one) =>
    `${String(one.name)} ${String(one.full_name)}`.toLowerCase().includes(sought),
  )
  found.sort(
    (one, other) => (String(one[column]) < String(other[column]) ? -1 : 1) * (sort[0] === '-' ? -1 : 1),
  )
  const offset = Number(query.get('offset'))
  const users = found.slice(offset, offset + Number(query.get('limit')))
  return { json: { total: found.length, seats: { total: 5, used: 5, unused: 0 }, users } }
}

const VERDICTS = ['deliver', 'deliver', 'deliver', 'spam', 'reject', 'deliver', 'tempfail', 'quarantine']
const STATUSES = ['delivered', 'waiting', 'delivered', 'junk', 'refused', 'returned', 'put_off', 'quarantine']

export function message(index: number): Values {
  return {
    id: `M${100_000 - index}`,
    time: NOW() - index * 97,
    sender: index % 23 === 5 ? '' : `sender${index % 57}@partner${index % 9}.example`,
    recipients: [
      `user-${String(index % 40).padStart(4, '0')}@example.com`,
      ...(index % 11 ? [] : ['admin@example.com']),
    ],
    size: 900 + ((index * 7919) % 4_000_000),
    verdict: VERDICTS[index % VERDICTS.length],
    queue_id: `4W${index}Z`,
    login: index % 6 ? '' : 'admin',
    client: `192.0.2.${index % 250}`,
    status: STATUSES[index % STATUSES.length],
    counts:
      index % 8 === 1
        ? [
            { state: 'waiting', recipients: 1 },
            { state: 'delivered', recipients: index % 3 },
          ]
        : [],
  }
}

const ANSWERS: Record<string, string> = {
  delivered: 'Delivered to the mailbox of admin@example.com, folder INBOX.',
  junk: 'Delivered to the mailbox of admin@example.com, folder Junk.',
  waiting:
    'Waiting for mx.partner.example: The other server asks to come back later. The answer was “450 4.2.0 Come back later”.',
  returned: 'Returned to the sender: The server mx.partner.example answers “550 5.1.1 User unknown”.',
  refused: 'Refused. The answer was “554 5.7.1 Relay access denied”.',
  put_off:
    'Not taken yet: the sending server was asked to come back later, with “451 4.3.0 Try again later”.',
  quarantine: 'Not delivered: it held a virus (Win.Test.EICAR_HDB-1). It is in the quarantine.',
}

function answerOf(facts: Values): Values {
  const waits = facts.status === 'waiting'
  const time = Number(facts.time) + 1
  return {
    text: ANSWERS[String(facts.status)],
    since: waits ? time : null,
    next_try: waits ? time + 600 : null,
    time: waits ? null : time,
  }
}

export function explained(id: string): Reply {
  const facts = message(100_000 - Number(id.slice(1)))
  const checks = [
    {
      check: 'recipient',
      title: 'The account table',
      result: 'pass',
      score: null,
      detail: '',
      setting: '',
      ms: 0.1,
    },
    {
      check: 'clamav',
      title: 'ClamAV',
      result: 'pass',
      score: null,
      detail: '',
      setting: 'security.antivirus.enabled',
      ms: 6.2,
    },
    {
      check: 'spamassassin',
      title: 'SpamAssassin',
      result: 'pass',
      score: 0.4,
      detail: 'BAYES_00, SPF_PASS',
      setting: 'security.spam.threshold',
      ms: 148.3,
    },
  ]
  const answer = answerOf(facts)
  const about = { client_name: 'mx.partner.example', helo: 'mx.partner.example', tls: 'TLSv1.3', reply: '' }
  const deliveries =
    facts.status === 'refused'
      ? []
      : (facts.recipients as string[]).map((address) => ({
          address,
          original: '',
          state: facts.status === 'junk' ? 'delivered' : facts.status,
          queue_id: facts.queue_id,
          ...answer,
        }))
  return {
    json: {
      ...facts,
      ...about,
      recipients: [],
      message_id: '<17@partner.example>',
      checks,
      answer,
      deliveries,
    },
  }
}
